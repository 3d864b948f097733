import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultOf, objectiveAt, ProgramBuilder, violationsAt, writeLp, writeMps } from './index.ts';
import { formatName } from './names.ts';

describe('a program', () => {
  const builder = new ProgramBuilder('a', 'maximise');
  const x = builder.variable('x', { objective: 3, upper: 4, integer: true });
  const y = builder.variable('y', { objective: -1, lower: -2 });
  builder.constraint('sum', [[x, 1], [y, 1], [x, 1], [y, -1]], { lower: 1, upper: 7 });
  builder.offset = 10;
  const program = builder.build();

  it('adds up the terms of a variable and leaves zeros out', () => {
    assert.deepEqual([program.constraints[0]?.indices, program.constraints[0]?.coefficients], [[0], [2]]);
  });
  it('has a value at a point', () => assert.equal(objectiveAt(program, [2, 5]), 11));
  it('says what a point breaks', () => {
    assert.deepEqual(violationsAt(program, [3, -2]), []);
    assert.deepEqual(violationsAt(program, [4.5, -3]).map(({ name, kind, amount }) => [name, kind, amount]), [['x', 'bound', 0.5], ['x', 'integrality', 0.5], ['y', 'bound', 1], ['sum', 'constraint', 2]]);
    assert.deepEqual(violationsAt(program, [0, 0]).map(({ kind, limit }) => [kind, limit]), [['constraint', 1]]);
    assert.deepEqual(violationsAt(program, [3 + 1e-9, 0]), [], 'within tolerance');
  });

  const faulty = (change: (builder: ProgramBuilder) => void): string | null => {
    const one = new ProgramBuilder('faulty', 'minimise');
    change(one);
    return faultOf(one.build());
  };
  it('is fit for a solver, or says why not', () => {
    assert.equal(faultOf(program), null);
    assert.equal(faulty((one) => one.variable('free', { lower: Number.NEGATIVE_INFINITY })), null);
    assert.match(faulty((one) => (one.variable('a'), one.variable('a'))) ?? '', /two variables are named "a"/);
    assert.match(faulty((one) => one.variable('a', { lower: 2, upper: 1 })) ?? '', /range 2 to 1 is empty/);
    assert.match(faulty((one) => one.variable('a', { objective: Number.NaN })) ?? '', /objective is NaN/);
    assert.match(faulty((one) => one.constraint('c', [], {})) ?? '', /limits nothing/);
    assert.match(faulty((one) => one.constraint('c', [[7, 1]], { upper: 1 })) ?? '', /variable 7/);
    assert.match(faulty((one) => (one.constraint('c', [], { upper: 1 }), one.constraint('c', [], { upper: 1 }))) ?? '', /two constraints/);
  });
});

describe('names', () => {
  it('are plain and stay different', () => {
    const names = ['a b', 'a.b', 'a_b', 'a__b', 'a_x2e_b', 'a-b', 'a:b', 'ä', '漢', '😀', 'e5', 'E', '5', 'free', 'FREE', 'Inf', '_nfree', '', 'x', '_x', 'obj'];
    const safe = names.map(formatName);
    for (const name of safe) assert.match(name, /^[A-DF-Za-df-z_][A-Za-z0-9_.]*$/);
    assert.equal(new Set(safe).size, names.length, safe.join(' '));
    assert.equal(safe[0], 'a.b');
  });
  it('that are long end in their number', () => {
    const [one, two] = [formatName('a'.repeat(500), 1), formatName('a'.repeat(500), 2)];
    assert.ok(one.length <= 200 && one !== two);
  });
});

describe('the writers', () => {
  const builder = new ProgramBuilder('made\nup', 'minimise');
  const variables = [
    builder.variable('plain', { objective: 1 }),
    builder.variable('free', { objective: -2.5, lower: Number.NEGATIVE_INFINITY }),
    builder.variable('fixed', { lower: 3, upper: 3 }),
    builder.variable('boxed', { lower: -1.5, upper: 2 }),
    builder.variable('below', { lower: Number.NEGATIVE_INFINITY, upper: -4 }),
    builder.variable('whole', { upper: 1e6, integer: true }),
    builder.variable('whole unlimited', { lower: 1, integer: true }),
    builder.variable('alone', { objective: 1e-7 }),
  ] as const;
  builder.constraint('range', [[variables[0], 1], [variables[1], -1]], { lower: -5, upper: 12 });
  builder.constraint('equal', [[variables[2], 2], [variables[5], 1]], { lower: 8, upper: 8 });
  builder.constraint('at least', [[variables[3], 1e-3]], { lower: -1 });
  builder.constraint('nothing', [], { upper: 1 });
  builder.offset = -7;
  const program = builder.build();

  it('write LP', () => {
    assert.equal(writeLp(program), `\\ made?up
Minimize
 _obj: + 1 plain - 2.5 _nfree + 0 fixed + 0 boxed + 0 below + 0 whole + 0 whole.unlimited + 1e-7 alone - 7 _one
Subject To
 range_l: + 1 plain - 1 _nfree >= -5
 range_u: + 1 plain - 1 _nfree <= 12
 _nequal: + 2 fixed + 1 whole = 8
 at.least: + 0.001 boxed >= -1
 nothing: + 0 plain <= 1
Bounds
 _nfree free
 fixed = 3
 -1.5 <= boxed <= 2
 -inf <= below <= -4
 0 <= whole <= 1000000
 whole.unlimited >= 1
 _one = 1
Generals
  whole whole.unlimited
End
`);
  });

  it('write MPS', () => {
    assert.equal(writeMps(program), `NAME made_xa_up
OBJSENSE
    MIN
ROWS
 N _obj
 L range
 E _nequal
 G at.least
 L nothing
COLUMNS
    plain _obj 1
    plain range 1
    _nfree _obj -2.5
    _nfree range -1
    fixed _nequal 2
    boxed at.least 0.001
    below _obj 0
    MARKER7 'MARKER' 'INTORG'
    whole _nequal 1
    whole.unlimited _obj 0
    MARKER10 'MARKER' 'INTEND'
    alone _obj 1e-7
RHS
    RHS _obj 7
    RHS range 12
    RHS _nequal 8
    RHS at.least -1
    RHS nothing 1
RANGES
    RNG range 17
BOUNDS
 FR BND _nfree
 FX BND fixed 3
 LO BND boxed -1.5
 UP BND boxed 2
 MI BND below
 UP BND below -4
 LO BND whole 0
 UP BND whole 1000000
 LO BND whole.unlimited 1
 PL BND whole.unlimited
ENDATA
`);
  });

  it('keep lines short', () => {
    const wide = new ProgramBuilder('wide', 'maximise');
    for (let index = 0; index < 500; index++) wide.variable(`variable ${index}`, { objective: index, integer: true });
    assert.ok(Math.max(...writeLp(wide.build()).split('\n').map(({ length }) => length)) <= 160);
  });
});
