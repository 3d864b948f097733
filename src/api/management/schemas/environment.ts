import { Type } from 'typebox';
import { Bytes, closed, DigestText, nullable, Strings, Time } from './common.ts';

export const Environment = closed(
  {
    digest: DigestText,
    python: Type.String({ description: 'Minor version, such as 3.11; empty: not known.' }),
    requirements: Strings('Exact pins, sorted.'),
    state: Type.Enum(['built', 'adopted', 'building', 'failed', 'absent'], { description: 'adopted: a registered interpreter is tried first. absent: built when a version that needs it starts.' }),
    message: Type.String({ description: 'How far a build is, or why it failed.' }),
    interpreter: nullable(Type.String(), 'Registered for it on this machine.'),
    sizeBytes: Bytes('Of what was built.'),
    versions: Strings('`repository:version` of those that need it.'),
    usedAt: nullable(Time),
  },
  { title: 'Environment', description: 'A Python with exact packages; versions that need the same share one.' },
);

export const InterpreterRegistration = closed({ interpreter: Type.String({ minLength: 1, maxLength: 4096, description: 'Absolute path of a Python **on the server’s machine**.' }) }, { title: 'InterpreterRegistration' });
export const RegisteredInterpreter = closed({ digest: DigestText, interpreter: Type.String(), python: Type.String({ description: 'Its minor version.' }) }, { title: 'RegisteredInterpreter' });
