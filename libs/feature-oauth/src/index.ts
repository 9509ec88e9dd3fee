// The OAuth 2.0 endpoints of the service and its hosted pages.
export { type AuthorizationErrorCode, OAuthError, type OAuthEndpointErrorCode } from './errors.js';
export { OAuthModule } from './oauth.module.js';
