/**
 * What LiveKit lets this participant do now, read from the permission that it sent. The strings
 * are the ones used everywhere in Rolecall for track sources.
 */
export type Source = 'microphone' | 'camera' | 'screen_share';
export const SOURCES: readonly Source[] = ['microphone', 'camera', 'screen_share'];

export type Capability = 'subscribe' | Source | 'data';
export type Capabilities = Record<Capability, boolean>;

/** In the order in which people ask. */
export const CAPABILITIES: readonly Capability[] = [
  'subscribe',
  'microphone',
  'camera',
  'screen_share',
  'data',
];

/** LiveKit's numbers of `TrackSource` in a participant permission. */
const SOURCE_NUMBERS: Record<Source, number> = { camera: 1, microphone: 2, screen_share: 3 };

export interface LivePermission {
  canSubscribe: boolean;
  canPublish: boolean;
  canPublishData: boolean;
  canPublishSources: readonly number[];
}

export function capabilitiesOf(permission: LivePermission): Capabilities {
  const may = (source: Source) =>
    permission.canPublish &&
    // To LiveKit an empty list means every source.
    (permission.canPublishSources.length === 0 ||
      permission.canPublishSources.includes(SOURCE_NUMBERS[source]));
  return {
    subscribe: permission.canSubscribe,
    microphone: may('microphone'),
    camera: may('camera'),
    screen_share: may('screen_share'),
    data: permission.canPublishData,
  };
}

export interface CapabilityChange {
  gained: Capability[];
  lost: Capability[];
}

export function compareCapabilities(before: Capabilities, now: Capabilities): CapabilityChange {
  return {
    gained: CAPABILITIES.filter((capability) => !before[capability] && now[capability]),
    lost: CAPABILITIES.filter((capability) => before[capability] && !now[capability]),
  };
}

export function isSource(capability: Capability): capability is Source {
  return (SOURCES as readonly string[]).includes(capability);
}
