import { sqliteStore } from '../support/database.ts';
import { type Engine, transactionsConform } from './storage.ts';
import { changesConform } from './storage-changes.ts';
import { sealingConforms } from './storage-sealing.ts';

const sqlite: Engine = { name: 'SQLite', skip: false, store: sqliteStore };

transactionsConform(sqlite);
changesConform(sqlite);
sealingConforms(sqlite);
