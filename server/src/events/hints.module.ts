import { Global, Module } from '@nestjs/common';
import { Hints } from './hints.js';

@Global()
@Module({ providers: [Hints], exports: [Hints] })
export class HintsModule {}
