import { Global, Module } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { AppLogger } from './app-logger.js';
import { BeforeBody } from './http/before-body.js';
import { ConnectionLimits } from './http/connection-limits.js';
import { ValidationPipe } from './http/validation.pipe.js';

@Global()
@Module({
  providers: [
    AppLogger,
    BeforeBody,
    ConnectionLimits,
    ValidationPipe,
    { provide: APP_PIPE, useExisting: ValidationPipe },
  ],
  exports: [AppLogger, BeforeBody, ConnectionLimits, ValidationPipe],
})
export class CommonModule {}
