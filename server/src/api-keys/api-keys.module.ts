import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeyStore } from './api-key-store.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeyNames } from './api-key-names.js';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey])],
  controllers: [ApiKeysController],
  providers: [ApiKeyNames, ApiKeyStore, ApiKeysService],
  exports: [ApiKeyNames, ApiKeyStore],
})
export class ApiKeysModule {}
