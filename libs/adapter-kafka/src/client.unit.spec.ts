// What the client says: its log without false alarms, and its errors as those of the ports.
import { EngineError } from '@sallyport/engine';
import { KafkaJSProtocolError, logLevel } from 'kafkajs';
import { logsTo } from './client.js';
import { asBusError } from './errors.js';

describe("the client's log", () => {
  const said: string[] = [];
  const log = logsTo((level, message) => said.push(`${level}: ${message}`))(logLevel.INFO);
  const entry = (level: logLevel, message: string, more: object = {}) => {
    return { namespace: 'n', level, label: 'l', log: { timestamp: 't', message, ...more } };
  };

  it('says as debug what follows each commit, by whichever words, and all else at its level', () => {
    const concurrent = 'update a transaction while another concurrent operation on the same transaction';
    log(entry(logLevel.ERROR, `The producer attempted to ${concurrent} was ongoing`));
    log(entry(logLevel.ERROR, 'Response AddPartitionsToTxn', { error: 'CONCURRENT_TRANSACTIONS' }));
    log(entry(logLevel.ERROR, 'Connection refused'));
    log(entry(logLevel.WARN, 'rebalancing'));
    expect(said.map((line) => line.slice(0, line.indexOf(':')))).toEqual(['debug', 'debug', 'error', 'warn']);
  });
});

describe("the client's errors", () => {
  const protocolError = (type: string, code: number): Error =>
    new KafkaJSProtocolError(Object.assign(new Error(type), { type, code }));

  it('are fenced when a producer was opened later, however deep they are wrapped', () => {
    const fenced = [protocolError('INVALID_PRODUCER_EPOCH', 47), protocolError('UNKNOWN', 90)];
    for (const error of fenced) {
      expect(asBusError(error, 'outcome_unknown').code).toBe('fenced');
      const given = new Error('given up', { cause: new Error('retried', { cause: error }) });
      expect(asBusError(given, 'outcome_unknown').code).toBe('fenced');
    }
  });

  it('are what their caller knows of the outcome otherwise, with the cause kept', () => {
    const error = protocolError('NOT_LEADER_FOR_PARTITION', 6);
    expect(asBusError(error, 'outcome_unknown')).toMatchObject({ code: 'outcome_unknown', cause: error });
    const own = new EngineError('bus_unavailable');
    expect(asBusError(own, 'outcome_unknown')).toBe(own);
  });
});
