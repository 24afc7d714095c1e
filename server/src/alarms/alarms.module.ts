import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { AlarmStore } from './alarm-store.js';
import { AlarmWatch } from './alarm-watch.js';
import { AlarmsController } from './alarms.controller.js';
import { Alarms } from './alarms.service.js';

/** What no entry explains. The entry stays; the alarm is forgotten some time after it ended. */
@Global()
@Module({
  controllers: [AlarmsController],
  providers: [Alarms, AlarmStore, AlarmWatch],
  exports: [Alarms, AlarmWatch],
})
export class AlarmsModule implements OnModuleInit {
  constructor(private readonly housekeeping: Housekeeping) {}

  onModuleInit(): void {
    this.housekeeping.addExpiry('alarm', 'id', `gone_at < now() - interval '90 days'`);
  }
}
