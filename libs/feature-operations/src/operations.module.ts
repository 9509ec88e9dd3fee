// The Nest part for whoever runs the service. The app provides `Registry` and `Readiness`.
import { Module } from '@nestjs/common';
import { OperationsController } from './operations.controller.js';

@Module({ controllers: [OperationsController] })
export class OperationsModule {}
