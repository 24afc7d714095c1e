import { Controller, Delete, Get, HttpCode } from '@nestjs/common';
import { z } from 'zod';
import { CurrentActor, RequirePermission, SignedIn } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { DemoService } from './demo.service.js';

@Controller('api/v1/demo')
export class DemoController {
  constructor(private readonly demo: DemoService) {}

  @Get()
  @ApiDoc({
    summary: 'Read whether there is demo data',
    description: 'Whether the sample data is there, and how many sample participants run.',
  })
  @SignedIn()
  @Answers(
    z.object({
      isPresent: z.boolean().describe('Whether the sample data is there.'),
      participants: z.number().describe('How many sample participants run.'),
    }),
  )
  status() {
    return this.demo.status();
  }

  @Delete()
  @ApiDoc({
    summary: 'Remove the demo data',
    description: 'Deletes the sample rooms and users and stops the sample participants.',
  })
  @HttpCode(204)
  @RequirePermission('demo.remove')
  remove(@CurrentActor() actor: Actor): Promise<void> {
    return this.demo.remove(actor);
  }
}
