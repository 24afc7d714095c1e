import { Module } from '@nestjs/common';
import { Pages } from './pages.js';
import { UiController } from './ui.controller.js';

@Module({ controllers: [UiController], providers: [Pages] })
export class UiModule {}
