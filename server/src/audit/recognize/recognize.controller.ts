import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { LedgerReads } from '../../ledger/reads/ledger-reads.js';
import { recognizeBody, type RecognizeBody, recognizedResponse } from './recognize.schemas.js';
import { RecognizeService } from './recognize.service.js';

@Controller('api/v1/ledger')
export class RecognizeController {
  constructor(
    private readonly service: RecognizeService,
    private readonly reads: LedgerReads,
  ) {}

  @Post('recognize')
  @HttpCode(200)
  @ApiDoc({
    summary: 'Did we issue this token?',
    description:
      'By the SHA-256 of the token or by its `jti`; a token itself is refused, so that it gets into no log. Answers by whom and for whom it was issued and why, whether it is living, which connects came with it, and what it is good for now: whether the gate would let it in, and as what. One that Rolecall did not issue, or issued for a room outside of the room limit, is `not_issued`.',
    example: { jti: '0190a3b2-1111-7222-8333-444455556666' },
  })
  @RequirePermission('ledger.read')
  @Answers(recognizedResponse)
  async recognize(
    @CurrentActor() actor: Actor,
    @Body({ schema: recognizeBody }) body: RecognizeBody,
  ) {
    try {
      return await this.service.recognize(actor, body);
    } finally {
      // Not which token: an id that was tried says nothing, a hash might be a secret that was pasted.
      await this.reads.looked(actor, 'token');
    }
  }
}
