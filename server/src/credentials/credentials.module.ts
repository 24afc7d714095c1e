import { Global, Module } from '@nestjs/common';
import { Passwords } from './passwords.js';

/** Passwords and secrets: how they are made, judged, hashed and compared. It has no table. */
@Global()
@Module({ providers: [Passwords], exports: [Passwords] })
export class CredentialsModule {}
