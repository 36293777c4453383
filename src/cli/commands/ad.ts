import type { CommandGroup } from '../command.ts';
import { app } from './ad/app.ts';
import { group } from './ad/group.ts';
import { sp } from './ad/sp.ts';
import { user } from './ad/user.ts';

/** The directory: applications, service principals, people and groups, through Graph. */
export const ad: CommandGroup = {
  name: 'ad',
  summary: 'the directory: applications, service principals, people, groups',
  commands: [app, sp, user, group],
};
