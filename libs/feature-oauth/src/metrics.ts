// What the ledger cannot count: requests and forms that were refused before any command.
import { Injectable } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import type { OAuthEndpointErrorCode } from './errors.js';

/** Labels are closed lists: nothing a stranger sends becomes a series. */
@Injectable()
export class OAuthMetrics {
  private readonly requests: Counter<'error'>;
  private readonly forms: Counter<'form' | 'outcome'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'sallyport_oauth_refused_requests_total',
      help: 'Token and revocation requests refused or failed without a decision, by OAuth error.',
      labelNames: ['error'],
      registers,
    });
    this.forms = new Counter({
      name: 'sallyport_forms_total',
      help: 'Forms sent from the hosted pages, by outcome.',
      labelNames: ['form', 'outcome'],
      registers,
    });
  }

  refused(error: OAuthEndpointErrorCode): void {
    this.requests.labels({ error }).inc();
  }

  form(form: 'sign-in' | 'sign-up', outcome: 'accepted' | 'refused' | 'expired' | 'otherBrowser'): void {
    this.forms.labels({ form, outcome }).inc();
  }
}
