import { Controller, Delete, Get, HttpCode } from '@nestjs/common';
import { z } from 'zod';
import { CurrentActor, RequirePermission, SignedIn } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { DemoService } from './demo.service.js';

@Controller('api/v1/demo')
export class DemoController {
  constructor(private readonly demo: DemoService) {}

  @Get()
  @SignedIn()
  @Answers(z.object({ isPresent: z.boolean(), participants: z.number() }))
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
