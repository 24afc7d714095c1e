import { Controller, Delete, Get, HttpCode } from '@nestjs/common';
import { CurrentActor, RequirePermission, SignedIn } from '../access/access.decorators.js';
import type { Actor } from '../access/actor.js';
import { DemoService } from './demo.service.js';

@Controller('api/v1/demo')
export class DemoController {
  constructor(private readonly demo: DemoService) {}

  @Get()
  @SignedIn()
  status() {
    return this.demo.status();
  }

  @Delete()
  @HttpCode(204)
  @RequirePermission('demo.remove')
  remove(@CurrentActor() actor: Actor): Promise<void> {
    return this.demo.remove(actor);
  }
}
