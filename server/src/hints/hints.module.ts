import { Global, Module } from '@nestjs/common';
import { FrameSources } from './frame-sources.js';
import { Hints } from './hints.js';

@Global()
@Module({ providers: [FrameSources, Hints], exports: [FrameSources, Hints] })
export class HintsModule {}
