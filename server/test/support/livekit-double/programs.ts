import {
  type AgentDispatch,
  type EgressInfo,
  type IngressInfo,
  ListAgentDispatchRequest,
  ListAgentDispatchResponse,
  ListEgressResponse,
  ListIngressResponse,
} from '@livekit/protocol';
import { Refused } from './model.ts';

const PATH = /^\/twirp\/livekit\.(?:Egress|Ingress|AgentDispatchService)\/(List\w+)$/;

/** What LiveKit does beside rooms. Without Redis, as here at first, it has neither egress nor ingress. */
export class Programs {
  egress: EgressInfo[] | null = null;
  ingress: IngressInfo[] | null = null;
  readonly dispatches = new Map<string, AgentDispatch[]>();

  startRedis(): void {
    this.egress = [];
    this.ingress = [];
  }

  /** Null for a path that is none of theirs. */
  answer(path: string, body: Buffer): { method: string; read: () => Uint8Array } | null {
    const method = PATH.exec(path)?.[1];
    return method === undefined ? null : { method, read: () => this.read(method, body) };
  }

  private read(method: string, body: Buffer): Uint8Array {
    switch (method) {
      case 'ListEgress':
        return new ListEgressResponse({ items: this.egress ?? missing('egress') }).toBinary();
      case 'ListIngress':
        return new ListIngressResponse({ items: this.ingress ?? missing('ingress') }).toBinary();
      case 'ListDispatch': {
        const { room } = ListAgentDispatchRequest.fromBinary(new Uint8Array(body));
        const agentDispatches = this.dispatches.get(room) ?? [];
        return new ListAgentDispatchResponse({ agentDispatches }).toBinary();
      }
      default:
        throw new Refused(404, 'bad_route', 'no such method');
    }
  }
}

function missing(service: string): never {
  throw new Refused(500, 'internal', `${service} not connected (redis required)`);
}
