import { Module } from '@nestjs/common';
import { SeatsModule } from '../seats/seats.module.js';
import { PeeksController } from './peeks.controller.js';
import { PeeksService } from './peeks.service.js';

@Module({ imports: [SeatsModule], controllers: [PeeksController], providers: [PeeksService] })
export class PeeksModule {}
