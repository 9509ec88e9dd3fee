// What clients and resource servers read about this issuer: its metadata (RFC 8414) and its keys (RFC 7517).
import { Controller, Get, Header, NotFoundException, Param } from '@nestjs/common';
import { ClientRegistry, ServiceSettings } from '@sallyport/feature-ledger';
import { KeyRing, PROOF_ALGORITHMS } from '@sallyport/tokens';
import type { PublicJwk } from '@sallyport/tokens';
import { endpointUrl } from './endpoints.js';

// The next signing key is published long before its first use, so minutes in a cache are safe.
const cacheable = 'public, max-age=300';

/** RFC 8414 section 2, with the members of RFC 9449 section 5.1 and RFC 9207 section 3. */
export interface ServerMetadata {
  readonly [member: string]: string | boolean | readonly string[];
}

@Controller('.well-known')
export class MetadataController {
  constructor(
    private readonly settings: ServiceSettings,
    private readonly clients: ClientRegistry,
    private readonly ring: KeyRing,
  ) {}

  @Get('jwks.json')
  @Header('cache-control', cacheable)
  jwks(): { keys: PublicJwk[] } {
    return this.ring.jwks();
  }

  @Get('oauth-authorization-server')
  @Header('cache-control', cacheable)
  metadata(): ServerMetadata {
    return metadataOf(this.settings, this.clients);
  }

  /** RFC 8414 section 3.1: the path of an issuer that has one comes after the well-known part. */
  @Get('oauth-authorization-server/*')
  @Header('cache-control', cacheable)
  metadataOfPath(@Param('*') path: string): ServerMetadata {
    if (`/${path}` !== new URL(this.settings.issuer).pathname) throw new NotFoundException();
    return metadataOf(this.settings, this.clients);
  }
}

function metadataOf(settings: ServiceSettings, clients: ClientRegistry): ServerMetadata {
  const scopes = new Set(clients.all().flatMap((client) => client.scopes));
  return {
    issuer: settings.issuer,
    authorization_endpoint: endpointUrl(settings, 'authorize'),
    token_endpoint: endpointUrl(settings, 'token'),
    revocation_endpoint: endpointUrl(settings, 'revoke'),
    jwks_uri: endpointUrl(settings, '.well-known/jwks.json'),
    scopes_supported: [...scopes].sort(),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: [...PROOF_ALGORITHMS],
    authorization_response_iss_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    ui_locales_supported: ['en'],
  };
}
