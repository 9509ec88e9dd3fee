// What the double says about itself and its cluster, and the users it is told to make.
import { randomUUID } from 'node:crypto';
import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { errorOf, wireError } from './faults.js';
import { refusalOf, type Serving } from './serving.js';
import { features, gossip, shared, users } from './stubs.js';

type Call<T = unknown> = ServerUnaryCall<T, unknown>;
type Answer = sendUnaryData<unknown>;

export interface User {
  readonly loginName: string;
  readonly fullName: string;
  groups: readonly string[];
  password: string;
}

/** Written where a real server writes its version. */
export const version = 'wire-double 24.10.0';
const alive = 8;
const appends = ['append', 'batchAppend', 'read', 'delete', 'tombstone'];

export function serverFeatures(): UntypedServiceImplementation {
  const service = 'event_store.client.streams.Streams';
  const methods = appends.map((name) =>
    new features.SupportedMethod().setServiceName(service).setMethodName(name.toLowerCase()),
  );
  const supported = new features.SupportedMethods()
    .setEventStoreServerVersion(version)
    .setMethodsList(methods);
  return { getSupportedMethods: (_: Call, answer: Answer) => answer(null, supported) };
}

/** `leader` is asked at each call: where the cluster's leader is now. */
export function gossipOf(
  leader: () => { host: string; port: number },
  { faults }: Pick<Serving, 'faults'>,
): UntypedServiceImplementation {
  const read = (_: Call, answer: Answer): void => {
    const fault = faults.take('gossip');
    if (fault?.kind === 'silent') return;
    const error = errorOf(fault);
    if (error !== undefined) return answer(error);
    const { host, port } = leader();
    const member = new gossip.MemberInfo()
      .setInstanceId(new shared.UUID().setString(randomUUID()))
      .setTimeStamp(String(BigInt(Date.now()) * 10_000n))
      .setState(alive)
      .setIsAlive(true)
      .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
    answer(null, new gossip.ClusterInfo().setMembersList([member]));
  };
  return { read };
}

/** Keeps users as it is told; that they exist changes nothing. */
export function userService(
  known: Map<string, User>,
  serving: Pick<Serving, 'faults' | 'onlyFor'>,
): UntypedServiceImplementation {
  const refusal = (call: Call) => refusalOf(serving, call.metadata) ?? errorOf(serving.faults.take('users'));
  return {
    create: (call: Call<InstanceType<typeof users.CreateReq>>, answer: Answer) => {
      const error = refusal(call);
      if (error !== undefined) return answer(error);
      const options = call.request.getOptions();
      const loginName = options?.getLoginName() ?? '';
      if (known.has(loginName)) {
        const trailers = { exception: 'user-conflict', 'login-name': loginName };
        return answer(wireError('ALREADY_EXISTS', 'User already exists.', trailers));
      }
      const groups = options?.getGroupsList() ?? [];
      const fullName = options?.getFullName() ?? '';
      known.set(loginName, { loginName, fullName, groups, password: options?.getPassword() ?? '' });
      answer(null, new users.CreateResp());
    },
    resetPassword: (call: Call<InstanceType<typeof users.ResetPasswordReq>>, answer: Answer) => {
      const error = refusal(call);
      if (error !== undefined) return answer(error);
      const options = call.request.getOptions();
      const loginName = options?.getLoginName() ?? '';
      const user = known.get(loginName);
      if (user === undefined) {
        const trailers = { exception: 'user-not-found', 'login-name': loginName };
        return answer(wireError('NOT_FOUND', `User '${loginName}' is not found.`, trailers));
      }
      user.password = options?.getNewPassword() ?? '';
      answer(null, new users.ResetPasswordResp());
    },
  };
}
