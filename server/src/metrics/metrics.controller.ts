import { Controller, Get, Header } from '@nestjs/common';
import { RequirePermission } from '../actor/access.decorators.js';
import { ApiDoc } from '../common/http/api-docs.js';
import { Metrics } from './metrics.service.js';

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** For Prometheus, with an API key that holds `metrics.read`. */
  @Get()
  @ApiDoc({
    summary: 'Read the metrics',
    description: 'For Prometheus, in its text format.',
  })
  @RequirePermission('metrics.read')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
