import { Module } from '@nestjs/common';
import { FirstStart } from './first-start.js';
import { Upkeep } from './upkeep.js';

@Module({ providers: [FirstStart, Upkeep], exports: [FirstStart] })
export class StartModule {}
