import { Type } from 'typebox';
import { ISOLATION_SLOTS } from '../../../core/index.ts';
import { closed } from './common.ts';

const IsolationState = closed(
  { enforced: Type.Boolean(), by: Type.String({ description: 'What makes it hold, such as `namespace`; `none`.' }), reason: Type.String({ description: 'Why it does not hold; empty when it does.' }) },
  { title: 'IsolationState' },
);
export const IsolationReport = closed(
  Object.fromEntries(ISOLATION_SLOTS.map((slot) => [slot, IsolationState])) as Record<(typeof ISOLATION_SLOTS)[number], typeof IsolationState>,
  { title: 'IsolationReport', description: 'What workers are kept from: the network, files of others, other users\' processes, storage without bounds, privileges.' },
);
