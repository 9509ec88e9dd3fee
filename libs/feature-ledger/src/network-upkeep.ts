// Keeps what networks are derived from: the keys of days, and files of network data that operators replace.
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { GeoLookup } from '@sallyport/engine';
import { DayTags } from '@sallyport/tokens';

const everyMs = 30_000;

@Injectable()
export class NetworkUpkeep implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(NetworkUpkeep.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  /** What was wrong with the files the last time: it is told once. */
  private faults = '';

  constructor(
    private readonly geo: GeoLookup,
    private readonly dayTags: DayTags,
  ) {}

  /** Before the first request, so that none has to wait for a key. */
  async onModuleInit(): Promise<void> {
    await this.keepDays();
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.keepDays()).then(() => this.readFiles());
    }, everyMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async keepDays(): Promise<void> {
    try {
      const destroyed = await this.dayTags.keep();
      if (destroyed.length > 0) this.logger.log({ msg: 'destroyed the network keys of days', destroyed });
    } catch (error) {
      this.logger.error({ msg: 'network keys of days could not be made or destroyed', error });
    }
  }

  private async readFiles(): Promise<void> {
    const faults = (await this.geo.refresh()).join(' ');
    if (faults !== '' && faults !== this.faults) {
      this.logger.error({ msg: 'network data stay as they were: a changed file cannot be used', faults });
    }
    this.faults = faults;
  }
}
