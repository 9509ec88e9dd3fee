// The file of registered clients: what may stand in it, and every mistake in it at once, by path.
import 'reflect-metadata';
import { maxAccessTokenSeconds, type Client } from '@sallyport/core-session';
import { plainToInstance, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInstance,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
  validateSync,
  type ValidationError,
} from 'class-validator';
import { redirectUriFault } from './redirect-uri.js';

const daySeconds = 86_400;
/** What a client that names no life times of its own gets. */
export const defaultIdleSeconds = 30 * daySeconds;
export const defaultAbsoluteSeconds = 365 * daySeconds;
const maxLifeSeconds = 3650 * daySeconds;
/** RFC 9700 section 4.14.2 wants none; a minute is what a lost answer needs at the very most. */
const maxGraceSeconds = 60;
const maxClients = 1000;
/** RFC 6749 section 3.3: a scope token. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/;

/** One client as written. Members that are left out get the default of the same name. */
class ClientEntry {
  @Matches(/^[A-Za-z0-9._~-]{1,64}$/, { message: 'must be 1 to 64 letters, digits or . _ ~ -' })
  clientId!: string;

  @Length(1, 100)
  name!: string;

  @list(20)
  @ValidateBy(redirectUriRule(), { each: true })
  redirectUris!: string[];

  @list(50)
  @Matches(scopeToken, { each: true, message: 'each scope must be a token of RFC 6749 section 3.3' })
  scopes!: string[];

  @IsBoolean()
  keyBound!: boolean;

  @seconds(1, maxLifeSeconds)
  idleSeconds = defaultIdleSeconds;

  @seconds(1, maxLifeSeconds)
  absoluteSeconds = defaultAbsoluteSeconds;

  @seconds(0, maxGraceSeconds)
  graceSeconds = 0;

  @IsOptional()
  @seconds(1, maxAccessTokenSeconds)
  accessTokenSeconds?: number;

  @IsBoolean()
  wrongKeyEndsSession = false;

  @IsBoolean()
  staleTokenEndsSession = false;

  @IsBoolean()
  revocationNeedsProof = false;

  @IsBoolean()
  requireDpopJkt = false;

  @IsBoolean()
  serverSide = false;
}

class ClientsFile {
  @all(IsArray(), ArrayNotEmpty(), ArrayMaxSize(maxClients))
  @IsInstance(ClientEntry, { each: true, message: 'each must be an object' })
  @ValidateNested({ each: true })
  @Type(() => ClientEntry)
  clients!: ClientEntry[];
}

/** The clients, or every mistake in the text as `path: what is wrong`. */
export type ParsedClients =
  | { readonly clients: readonly Client[]; readonly mistakes?: undefined }
  | { readonly clients?: undefined; readonly mistakes: readonly string[] };

/**
 * Reads the text of a clients file, `{ "clients": [ ... ] }`; `accessTokenSeconds` for those that name none.
 * Members that are not known are mistakes: a policy that is misspelt must not be one that is off.
 */
export function parseClients(text: string, defaults: { readonly accessTokenSeconds: number }): ParsedClients {
  const plain = parseJson(text);
  if (typeof plain === 'string') return { mistakes: [plain] };
  const file = plainToInstance(ClientsFile, plain);
  const rules = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
  const mistakes = validateSync(file, rules).flatMap((error) => describe(error, ''));
  if (mistakes.length > 0) return { mistakes };
  const across = contradictions(file.clients);
  if (across.length > 0) return { mistakes: across };
  return { clients: file.clients.map((entry) => clientOf(entry, defaults)) };
}

function parseJson(text: string): object | string {
  try {
    const plain: unknown = JSON.parse(text);
    if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return plain;
    return 'must be an object with the member "clients"';
  } catch (error) {
    return `is not JSON: ${(error as Error).message}`;
  }
}

/** What no single member shows: ids used twice, and life times that contradict each other. */
function contradictions(clients: readonly ClientEntry[]): string[] {
  const seen = new Set<string>();
  return clients.flatMap((client, index) => {
    const mistakes: string[] = [];
    const { clientId, idleSeconds, absoluteSeconds } = client;
    if (seen.has(clientId)) mistakes.push(`clients[${index}].clientId: "${clientId}" is used twice`);
    seen.add(clientId);
    if (idleSeconds > absoluteSeconds) {
      mistakes.push(`clients[${index}].idleSeconds: must not be longer than absoluteSeconds`);
    }
    return mistakes;
  });
}

function describe(error: ValidationError, above: string): string[] {
  const { property } = error;
  const step = /^\d+$/.test(property) ? `[${property}]` : `.${property}`;
  const path = above === '' ? property : above + step;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => {
    return `${path}: ${rule === 'whitelistValidation' ? 'is not known here' : withoutName(message, error)}`;
  });
  return [...own, ...(error.children ?? []).flatMap((child) => describe(child, path))];
}

/** The library begins its messages with the member's name, which the path says already. */
function withoutName(message: string, { property }: ValidationError): string {
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

function clientOf(entry: ClientEntry, defaults: { readonly accessTokenSeconds: number }): Client {
  const { accessTokenSeconds = defaults.accessTokenSeconds } = entry;
  return Object.freeze({ ...entry, accessTokenSeconds });
}

/** A list of different texts, not empty. */
function list(max: number): PropertyDecorator {
  return all(IsArray(), ArrayNotEmpty(), ArrayMaxSize(max), ArrayUnique(), IsString({ each: true }));
}

function seconds(min: number, max: number): PropertyDecorator {
  return all(IsInt(), Min(min), Max(max));
}

function all(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, key) => decorators.forEach((decorate) => decorate(target, key));
}

function redirectUriRule(): Parameters<typeof ValidateBy>[0] {
  return {
    name: 'isRedirectUri',
    validator: {
      validate: (value: unknown) => redirectUriFault(value) === undefined,
      defaultMessage: (args) => {
        const faults = ([] as unknown[]).concat(args?.value).map(redirectUriFault);
        return faults.filter((fault) => fault !== undefined).join('; ');
      },
    },
  };
}
