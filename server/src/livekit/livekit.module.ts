import { Global, Module } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { AbsentRooms } from './absent-rooms.js';
import { ListingsPort } from './listings-port.js';
import { CallClock } from './call-clock.js';
import { LiveKitClock } from './livekit-clock.js';
import { LiveKitInstall } from './livekit-install.js';
import { AbsentListings, LiveKitListings } from './livekit-listings.js';
import { LiveKitRooms } from './livekit-rooms.js';
import { LiveKitVersion } from './livekit-version.js';
import { LiveKitHealth } from './livekit.health.js';
import { LIVEKIT_SETTINGS, type LiveKitSettings } from './livekit.settings.js';
import { RemoteUnmute } from './remote-unmute.js';
import { RoomsPort } from './rooms-port.js';
import { TokenSigner } from './signer.js';
import { WebhookVerifier } from './webhook-verifier.js';

/** The only place that knows LiveKit's own packages. */
@Global()
@Module({
  providers: [
    CallClock,
    LiveKitHealth,
    LiveKitClock,
    LiveKitInstall,
    LiveKitVersion,
    RemoteUnmute,
    {
      provide: LIVEKIT_SETTINGS,
      useFactory: ({ livekit }: AppConfig): LiveKitSettings | null =>
        livekit.url === null
          ? null
          : { url: livekit.url, apiKey: livekit.apiKey, apiSecret: livekit.apiSecret },
      inject: [APP_CONFIG],
    },
    {
      provide: RoomsPort,
      useFactory: (settings: LiveKitSettings | null, clock: LiveKitClock) =>
        settings ? new LiveKitRooms(settings, () => clock.now()) : new AbsentRooms(),
      inject: [LIVEKIT_SETTINGS, LiveKitClock],
    },
    {
      provide: ListingsPort,
      useFactory: (settings: LiveKitSettings | null, clock: LiveKitClock) =>
        settings ? new LiveKitListings(settings, () => clock.now()) : new AbsentListings(),
      inject: [LIVEKIT_SETTINGS, LiveKitClock],
    },
    {
      provide: TokenSigner,
      useFactory: ({ livekit }: AppConfig) => new TokenSigner(livekit),
      inject: [APP_CONFIG],
    },
    {
      provide: WebhookVerifier,
      useFactory: ({ livekit }: AppConfig, clock: LiveKitClock) =>
        new WebhookVerifier(
          { apiKey: livekit.webhookApiKey, apiSecret: livekit.webhookApiSecret },
          () => clock.now(),
        ),
      inject: [APP_CONFIG, LiveKitClock],
    },
  ],
  exports: [
    CallClock,
    LIVEKIT_SETTINGS,
    ListingsPort,
    LiveKitClock,
    LiveKitHealth,
    LiveKitInstall,
    LiveKitVersion,
    RemoteUnmute,
    RoomsPort,
    TokenSigner,
    WebhookVerifier,
  ],
})
export class LiveKitModule {}
