// Events that rules read already and that nothing appends yet: step-up, checks before sensitive actions,
// attestation of devices. `S` is the state of the stream, which they carry.

/** The session's person authenticated again, more strongly, inside the session. */
export interface StepUpCompleted<S> {
  readonly type: 'session.step-up-completed';
  readonly data: {
    readonly acr: string;
    readonly amr: readonly string[];
    readonly authTime: string;
    readonly state: S;
  };
}
/** A service asked before a sensitive action. */
export interface SensitiveActionChecked<S> {
  readonly type: 'session.sensitive-action-checked';
  readonly data: {
    readonly decisionId: string;
    readonly purpose: string;
    readonly verdict: 'allow' | 'step_up' | 'deny';
    /** Why, where the verdict is not `allow`. */
    readonly reason?: string;
    readonly state: S;
  };
}
/** The device's platform said what it is; `failed`: it said something else than the app claims, or nothing
 * that could be verified. */
export interface DeviceAttested<S> {
  readonly type: 'account.device-attested';
  readonly data: {
    readonly deviceId: string;
    readonly format: string;
    readonly result: 'passed' | 'failed';
    readonly state: S;
  };
}
