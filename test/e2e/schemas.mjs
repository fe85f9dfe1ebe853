// Seeded random schemas, and values that are near to them: most values fit in most places.

// Mulberry32: the same numbers for the same seed on every machine.
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (n) => Math.floor(next() * n),
    pick: (list) => list[Math.floor(next() * list.length)],
    one_in: (n) => next() * n < 1,
    some: (list, at_most) => list.filter(() => next() < 0.4).slice(0, at_most),
  };
}

const names = ['a', 'b', 'c', 'ab', 'to', 'é', 'x-y', 'a/b', 'm~n', ''];
const spelled = names.filter((name) => name !== '');
const texts = [
  '', 'a', 'ab', 'abc', 'abcabc', 'x1', '12', 'é', '😀😀', 'a b', '\n', 'A-1', '/', 'x\u00a0y',
];
const large = Number.MAX_SAFE_INTEGER;
const numbers = [0, 1, 2, 3, 5, 10, -1, -7, 0.5, 1.5, 2.25, -0.25, 1e3, large, -large];
const patterns = [
  '^a', 'b$', '^[a-z]+$', '\\d', '^\\w*$', '\\s', '^\\S+$', 'a|b', '^(a|b)c?', '^.{1,3}$',
  '\\u0061', '^[^\\d]*$', '\\/', '^\\p{L}+$', '[\\w-]', '^\\u{1F600}', '^$', '\\D', '\\W', '^(?:ab)+',
  '[\\s\\S]', '^[\\x61-\\x63]*$', '\\cJ', '(?<name>a)b', '\\bab\\b', 'a{2,}', '^[A-Z]-\\d+$', '[^]', '[$.^]',
  '^\\P{Lu}*$',
];
const types = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

export function value(r, depth = 0) {
  const kind = r.below(depth > 3 ? 5 : 8);
  if (kind === 0) return null;
  if (kind === 1) return r.one_in(2);
  if (kind === 2) return r.pick(numbers);
  if (kind === 3 || kind === 4) return r.pick(texts);
  if (kind === 5) return Array.from({ length: r.below(5) }, () => value(r, depth + 1));
  const out = {};
  for (const name of r.some(names, 5)) out[name] = value(r, depth + 1);
  return out;
}

const different = (list) => [...new Map(list.map((one) => [JSON.stringify(one), one])).values()];

// Every schema is made of a few of these rows. `at` makes schemas one level below.
const rows = [
  (r, s) => (s.type = r.one_in(3) ? different([r.pick(types), r.pick(types)]) : r.pick(types)),
  (r, s) => (s.enum = different(Array.from({ length: 1 + r.below(4) }, () => value(r, 2)))),
  (r, s) => (s.const = value(r, 2)),
  (r, s, at) => (s.properties = Object.fromEntries(r.some(names, 4).map((n) => [n, at()]))),
  (r, s, at) => (s.properties = Object.fromEntries(r.some(names, 6).map((n) => [n, at()]))),
  (r, s) => (s.required = r.some(spelled, 2)),
  (r, s, at) => (s.additionalProperties = r.one_in(2) ? false : at()),
  (r, s, at) => (s.patternProperties = { [r.pick(patterns)]: at(), [r.pick(patterns)]: at() }),
  (r, s, at) => (s.propertyNames = at()),
  (r, s) => (s.minProperties = r.below(3)),
  (r, s) => (s.maxProperties = r.below(4)),
  (r, s, at) => (s.items = at()),
  (r, s) => (s.minItems = r.below(3)),
  (r, s) => (s.maxItems = r.below(4)),
  (r, s) => (s.uniqueItems = true),
  (r, s, at) => (s.contains = at()),
  (r, s, at) =>
    Object.assign(s, { contains: at(), minContains: r.below(3), maxContains: 1 + r.below(3) }),
  (r, s) => (s.minLength = r.below(4)),
  (r, s) => (s.maxLength = r.below(4)),
  (r, s) => (s.pattern = r.pick(patterns)),
  (r, s) => (s.minimum = r.pick(numbers)),
  (r, s) => (s.maximum = r.pick(numbers)),
  (r, s) => (s.multipleOf = r.pick([1, 2, 3, 0.5, 0.25])),
  (r, s, at) => (s.allOf = [at(), at()]),
  (r, s, at) => (s.anyOf = [at(), at()]),
  (r, s, at) => (s.oneOf = [at(), at()]),
  (r, s, at) => (s.not = at()),
  (r, s, at) => Object.assign(s, { if: at(), then: at(), else: at() }),
  (r, s, at) =>
    (s.dependencies = { [r.pick(names)]: at(), [r.pick(names)]: r.some(spelled, 2) }),
  (r, s) => (s.$ref = `#/${s_defs(r.draft)}/${r.pick(['one', 'two'])}`),
];
const since_6 = [
  (r, s) => (s.exclusiveMinimum = r.pick(numbers)),
  (r, s) => (s.exclusiveMaximum = r.pick(numbers)),
];
const since_2019 = [
  (r, s) => (s.dependentRequired = { [r.pick(names)]: r.some(spelled, 3) }),
  (r, s, at) => (s.dependentSchemas = { [r.pick(names)]: at() }),
  (r, s, at) => (s.unevaluatedProperties = r.one_in(2) ? false : at()),
  (r, s, at) => (s.unevaluatedItems = r.one_in(2) ? false : at()),
  (r, s) => (s.$ref = `#${r.pick(['first', 'second'])}`),
];
const only_2020 = [
  (r, s, at) => (s.prefixItems = Array.from({ length: 1 + r.below(3) }, () => at())),
  // ajv looks for dynamic anchors at the root only, where a reference in place would go round.
  (r, s) => (s.items = { $dynamicRef: '#third' }),
];
const before_2020 = [
  (r, s, at) => (s.items = [at(), at()]),
  (r, s, at) => Object.assign(s, { items: [at(), at()], additionalItems: at() }),
];
const s_defs = (draft) => (draft === 7 ? 'definitions' : '$defs');

function rows_of(draft) {
  const out = [...rows, ...since_6];
  if (draft >= 2019) out.push(...since_2019);
  out.push(...(draft === 2020 ? only_2020 : before_2020));
  return out;
}

// A schema without references to others around itself: `one` may refer to `two`, `two` to none.
function schema_at(r, depth, refers) {
  if (depth > 3 || r.one_in(12)) {
    return r.one_in(4) ? false : r.one_in(2) ? true : { type: r.pick(types) };
  }
  const out = {};
  const all = rows_of(r.draft);
  for (let left = 1 + r.below(depth === 0 ? 5 : 3); left > 0; --left) {
    r.pick(all)(r, out, () => schema_at(r, depth + 1, refers));
  }
  if (!refers) delete out.$ref;
  // One or the other: ajv thinks that `contains` evaluates every element.
  delete out[r.contains ? 'unevaluatedItems' : 'contains'];
  return out;
}

const uris = {
  7: 'http://json-schema.org/draft-07/schema#',
  2019: 'https://json-schema.org/draft/2019-09/schema',
  2020: 'https://json-schema.org/draft/2020-12/schema',
};

export function schema(r, draft) {
  r.draft = draft;
  r.contains = r.one_in(2);
  const out = schema_at(r, 0, true);
  const root = typeof out === 'object' ? out : { allOf: [out] };
  root.$schema = uris[draft];
  const named = (anchors) => {
    const one = schema_at(r, 2, false);
    return typeof one === 'object' && draft >= 2019 ? { ...anchors, ...one } : one;
  };
  if (draft === 2020) root.$dynamicAnchor = 'third';
  root[s_defs(draft)] = {
    one: { allOf: [named({ $anchor: 'first' })] },
    two: { allOf: [named({ $anchor: 'second' })] },
  };
  // Anchors are lost where what they stand on is not an object.
  const kept = JSON.stringify(root);
  if (kept.includes('#first') && !kept.includes('"$anchor":"first"')) return schema(r, draft);
  if (kept.includes('#second') && !kept.includes('"$anchor":"second"')) return schema(r, draft);
  return root;
}

const at_random = (r, v) => (r.one_in(6) ? value(r, 2) : v);

// A value that tries to fit.
export function near(r, s, root, depth = 0) {
  if (typeof s !== 'object' || depth > 6) return value(r, 2);
  if (s.$ref?.startsWith('#/')) {
    const [, where, which] = s.$ref.split('/');
    return near(r, root[where][which], root, depth + 1);
  }
  if (s.const !== undefined && !r.one_in(4)) return s.const;
  if (s.enum && !r.one_in(4)) return r.pick(s.enum);
  for (const list of [s.allOf, s.anyOf, s.oneOf]) {
    if (list && r.one_in(2)) return near(r, r.pick(list), root, depth + 1);
  }
  const array = s.items !== undefined || s.prefixItems || s.contains !== undefined || s.uniqueItems;
  if (s.type === 'array' || (array && !s.properties && r.one_in(2))) {
    const prefix = s.prefixItems ?? (Array.isArray(s.items) ? s.items : []);
    const rest = Array.isArray(s.items) ? s.additionalItems : s.items;
    return Array.from({ length: r.below(5) }, (_, i) =>
      at_random(r, near(r, prefix[i] ?? (r.one_in(3) ? s.contains : rest), root, depth + 1)));
  }
  const object =
    s.properties || s.required || s.patternProperties || s.propertyNames || s.dependentSchemas;
  if (s.type === 'object' || object || s.unevaluatedProperties !== undefined) {
    const out = {};
    for (const name of [...r.some(Object.keys(s.properties ?? {}), 6), ...(s.required ?? [])]) {
      out[name] = at_random(r, near(r, s.properties?.[name], root, depth + 1));
    }
    for (const name of r.one_in(2) ? [] : r.some(names, 2)) out[name] ??= value(r, 2);
    return out;
  }
  if (s.type === 'string' || s.pattern || s.minLength !== undefined) return r.pick(texts);
  const number = s.type === 'integer' || s.type === 'number' || s.minimum !== undefined;
  if (number) return r.pick(numbers);
  return value(r);
}
