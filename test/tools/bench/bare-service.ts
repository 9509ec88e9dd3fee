// A yardstick for the bench, and never a service: the least that a refresh costs on this stack. Nest on
// Fastify, one command, a token's tag and successor, a proof's signature where one is sent, one event on disk
// in one commit with its neighbours, one signature. No accounts, guards, revocation, memory of proofs, logs,
// views or rules. Started with a directory and a number of sessions; says on standard output, as JSON, where
// it listens and the first tokens.
import 'reflect-metadata';
import { generateKeyPairSync, hash, randomUUID, sign } from 'node:crypto';
import { join } from 'node:path';
import { Body, Controller, Get, Headers, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Command, CommandBus, CommandHandler, CqrsModule } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BareLedger } from './bare-ledger.js';
import { firstToken, isProof, readToken, successorOf } from './bare-tokens.js';

const [dataDir = '', sessionCount = '0'] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const header = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"bare"}').toString('base64url');
const ledger = new BareLedger(join(dataDir, 'bare.sqlite'));

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** What the ledger's last event of a session says. */
interface BareState {
  readonly generation: number;
  readonly fingerprint: string;
}

class Refresh extends Command<Tokens | undefined> {
  constructor(
    readonly refreshToken: string,
    readonly clientId: string,
    readonly proof: string | undefined,
  ) {
    super();
  }
}

@CommandHandler(Refresh)
class RefreshHandler implements ICommandHandler<Refresh> {
  private readonly sessions = new Map<string, BareState>();

  async execute({ refreshToken, clientId, proof }: Refresh): Promise<Tokens | undefined> {
    const token = readToken(refreshToken);
    if (token === undefined || (proof !== undefined && !isProof(proof, refreshToken))) return undefined;
    const { sessionId, generation } = token;
    const known = this.sessions.get(sessionId);
    const fingerprint = hash('sha256', refreshToken, 'base64url');
    const isLatest = known === undefined ? generation === 0 : known.fingerprint === fingerprint;
    if (!isLatest) return undefined;
    const successor = successorOf(token);
    const next = { generation: generation + 1, fingerprint: hash('sha256', successor, 'base64url') };
    const event = eventOf({ sessionId, clientId, previousFingerprint: fingerprint }, next);
    await ledger.append(sessionId, next.generation, event);
    this.sessions.set(sessionId, next);
    return { accessToken: accessTokenOf(sessionId, clientId), refreshToken: successor };
  }
}

interface Before {
  readonly sessionId: string;
  readonly clientId: string;
  readonly previousFingerprint: string;
}

/** As large as the design's event of a rotation: about 600 bytes. */
function eventOf({ sessionId, clientId, previousFingerprint }: Before, state: BareState): string {
  const at = new Date().toISOString();
  const grant = { clientId, accountId: sessionId, scope: 'offline_access profile', acr: 'pwd', amr: ['pwd'] };
  const times = { startedAt: at, authTime: at, rotatedAt: at, expiresAt: at };
  const marker = { account: 1, cutoffs: -1 };
  const data = { ...state, previousFingerprint, ...grant, ...times, marker };
  return JSON.stringify({ id: randomUUID(), data, partitionKey: sessionId });
}

function accessTokenOf(sessionId: string, clientId: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const who = { iss: 'http://127.0.0.1', aud: 'bare', sub: sessionId, client_id: clientId, sid: sessionId };
  const granted = { scope: 'offline_access profile', acr: 'pwd', amr: ['pwd'], auth_time: iat };
  const claims = { ...who, iat, exp: iat + 300, jti: randomUUID(), ...granted };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

@Controller()
class BareController {
  constructor(private readonly commands: CommandBus) {}

  @Post('token')
  @HttpCode(200)
  async token(@Body() body: Record<string, string>, @Headers('dpop') proof?: string): Promise<object> {
    const command = new Refresh(body['refresh_token'] ?? '', body['client_id'] ?? '', proof);
    const tokens = await this.commands.execute(command);
    if (tokens === undefined) return { error: 'invalid_grant' };
    const { accessToken, refreshToken } = tokens;
    const rest = { token_type: 'Bearer', expires_in: 300, scope: 'offline_access profile' };
    return { access_token: accessToken, refresh_token: refreshToken, ...rest };
  }

  /** Processor time alone, as the bench reads it. */
  @Get('metrics')
  metrics(): string {
    const { user, system } = process.cpuUsage();
    return `process_cpu_seconds_total ${(user + system) / 1e6}\n`;
  }
}

@Module({ imports: [CqrsModule], controllers: [BareController], providers: [RefreshHandler] })
class BareModule {}

const adapter = new FastifyAdapter();
const app = await NestFactory.create<NestFastifyApplication>(BareModule, adapter, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
const tokens = Array.from({ length: Number(sessionCount) }, () => firstToken(randomUUID()));
process.stdout.write(`${JSON.stringify({ issuer: await app.getUrl(), tokens })}\n`);
