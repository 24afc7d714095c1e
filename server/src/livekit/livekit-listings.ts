import {
  ListAgentDispatchRequest,
  ListAgentDispatchResponse,
  ListEgressRequest,
  ListEgressResponse,
  ListIngressRequest,
  ListIngressResponse,
} from '@livekit/protocol';
import { AppError } from '../common/errors/app-error.js';
import { type LiveKitSettings, toHttpUrl } from './livekit.settings.js';
import { toAppError } from './livekit-error.js';
import {
  type ListedDispatch,
  type ListedEgress,
  type ListedIngress,
  ListingsPort,
} from './listings-port.js';
import { TokenSigner } from './signer.js';
import { type TwirpCall, TwirpClient, TwirpError } from './twirp-client.js';

/** LiveKit looks three seconds for the server of a room that has ended (v1.13.5). */
const REQUEST_TIMEOUT_MS = 1_500;
const TOKEN_SECONDS = 60;

/** The lists of LiveKit's other services. A list that fails is asked for again later, not at once. */
export class LiveKitListings extends ListingsPort {
  private readonly egress: TwirpClient;
  private readonly ingress: TwirpClient;
  private readonly dispatch: TwirpClient;
  private readonly signer: TokenSigner;

  /** `now` is LiveKit's time: its own tokens are for nobody else. */
  constructor(
    settings: LiveKitSettings,
    private readonly now: () => Date,
  ) {
    super();
    const client = (service: string) =>
      new TwirpClient(toHttpUrl(settings.url), REQUEST_TIMEOUT_MS, service);
    this.egress = client('Egress');
    this.ingress = client('Ingress');
    this.dispatch = client('AgentDispatchService');
    this.signer = new TokenSigner(settings);
  }

  async listEgress(): Promise<ListedEgress[] | null> {
    const answer = await this.ask(this.egress, {
      method: 'ListEgress',
      request: new ListEgressRequest({ active: true }),
      answer: ListEgressResponse,
      token: this.sign({ roomRecord: true }),
    });
    return (
      answer?.items.map(({ egressId, roomName, startedAt }) => ({
        id: egressId,
        room: roomName,
        // One that has not started yet was just asked for.
        startedAt: startedAt > 0n ? fromNanoseconds(startedAt) : this.now(),
      })) ?? null
    );
  }

  async listIngress(): Promise<ListedIngress[] | null> {
    const answer = await this.ask(this.ingress, {
      method: 'ListIngress',
      request: new ListIngressRequest(),
      answer: ListIngressResponse,
      token: this.sign({ ingressAdmin: true }),
    });
    return (
      answer?.items.map(({ ingressId, roomName, name, participantIdentity }) => ({
        id: ingressId,
        room: roomName,
        name,
        identity: participantIdentity,
      })) ?? null
    );
  }

  async listDispatches(room: string): Promise<ListedDispatch[] | null> {
    const answer = await this.ask(this.dispatch, {
      method: 'ListDispatch',
      request: new ListAgentDispatchRequest({ room }),
      answer: ListAgentDispatchResponse,
      token: this.sign({ roomAdmin: true, room }),
    });
    return (
      answer?.agentDispatches.map(({ id, agentName, metadata, state }) => ({
        id,
        agentName,
        metadata,
        createdAt: fromNanoseconds(state?.createdAt ?? 0n),
        identities: (state?.jobs ?? []).flatMap(({ state: job }) => job?.participantIdentity || []),
      })) ?? null
    );
  }

  /** Null where there is no such service. */
  private async ask<T>(client: TwirpClient, call: TwirpCall<T>): Promise<T | null> {
    try {
      return await client.call(call);
    } catch (error) {
      if (error instanceof TwirpError && isMissing(error)) return null;
      throw toAppError(error);
    }
  }

  private sign(video: Record<string, unknown>): string {
    const now = Math.floor(this.now().getTime() / 1000);
    return this.signer.sign({ nbf: now, exp: now + TOKEN_SECONDS, video });
  }
}

/** Where no LiveKit server is configured. */
export class AbsentListings extends ListingsPort {
  listEgress = refuse;
  listIngress = refuse;
  listDispatches = refuse;
}

function refuse(): Promise<never> {
  return Promise.reject(
    new AppError('unavailable', 'livekit.absent', 'No LiveKit server is configured.'),
  );
}

/** No Redis; or a release, or a proxy, that does not have the path. */
function isMissing({ status, needsRedis }: TwirpError): boolean {
  return needsRedis || status === 404 || status === 501;
}

function fromNanoseconds(time: bigint): Date {
  return new Date(Number(time / 1_000_000n));
}
