// The conformance cases of the expression language, from npm, in the form that `pawl eval` reads:
// `{"expr", "bindings", "type_env"?, "container"?, "disable_check"?, "check_only"?}` with values
// such as `{"int":"5"}`; docs/reference/commands.md has the form.
import { createRequire } from 'node:module';
import path from 'node:path';

const from_modules = createRequire(path.join(process.env.PAWL_E2E_MODULES, 'none.cjs'));
const { tests } = from_modules('@bufbuild/cel-spec/testdata/conformance.js');

// Whole files about messages, enums and wrappers of protobuf, or about `cel.block`, which only
// optimisers write.
export const left_out = new Set([
  'block_ext', 'dynamic', 'enums', 'proto2', 'proto2_ext', 'proto3', 'unknowns', 'wrappers',
]);

const primitives = {
  BOOL: 'bool', BYTES: 'bytes', DOUBLE: 'double', INT64: 'int', STRING: 'string', UINT64: 'uint',
};

class NeedsProtobuf extends Error {}

function type(t) {
  const [kind, of] = Object.entries(t)[0] ?? ['dyn'];
  switch (kind) {
    case 'primitive': return primitives[of];
    case 'null': return 'null';
    case 'dyn': return 'dyn';
    case 'typeParam': return `param(${of})`;
    case 'listType': return `list(${type(of.elemType)})`;
    case 'mapType': return `map(${type(of.keyType)},${type(of.valueType)})`;
    case 'abstractType': return `${of.name}(${(of.parameterTypes ?? []).map(type).join(',')})`;
    default: throw new NeedsProtobuf(kind);
  }
}

// JSON has no infinities, and a string of JavaScript no sign of zero.
const double = (number) => (Object.is(number, -0) ? '-0.0' : String(number)).replace('Infinity', 'inf').replace('NaN', 'nan');

export function value(v) {
  const [kind, of] = Object.entries(v)[0];
  switch (kind) {
    case 'int64Value': return { int: String(of) };
    case 'uint64Value': return { uint: String(of) };
    case 'doubleValue': return { double: double(of) };
    case 'stringValue': return { string: of };
    case 'bytesValue': return { bytes_b64: of };
    case 'boolValue': return { bool: of };
    case 'nullValue': return { null: true };
    case 'typeValue': return { type: of };
    case 'listValue': return { list: (of.values ?? []).map(value) };
    case 'mapValue':
      return { map: (of.entries ?? []).map((entry) => [value(entry.key), value(entry.value)]) };
    default: throw new NeedsProtobuf(kind);
  }
}

function declared(row) {
  if (row.ident) return { name: row.name, type: type(row.ident.type) };
  const overloads = row.function.overloads.map((overload) => ({
    params: (overload.params ?? []).map(type),
    result: type(overload.resultType),
    instance: overload.isInstanceFunction ?? false,
  }));
  return { name: row.name, overloads };
}

function expected(test) {
  if (test.evalError) return { error: true };
  if (test.typedResult?.result) return { value: value(test.typedResult.result) };
  if (test.typedResult) return { type: type(test.typedResult.deducedType) };
  return { value: test.value ? value(test.value) : { bool: true } };
}

// Names of messages are taken for messages wherever they stand.
const speaks_of_messages = /TestAllTypes|NestedTestAll|google\.protobuf|\bproto\.|GlobalEnum/;

function converted(test) {
  if (speaks_of_messages.test(test.expr)) throw new NeedsProtobuf('the expression');
  const bindings = Object.entries(test.bindings ?? {}).map(([name, b]) => [name, value(b.value)]);
  return {
    question: {
      expr: test.expr,
      bindings: Object.fromEntries(bindings),
      ...(test.typeEnv && { type_env: test.typeEnv.map(declared) }),
      ...(test.container && { container: test.container }),
      ...(test.disableCheck && { disable_check: true }),
      ...(test.checkOnly && { check_only: true }),
    },
    expected: expected(test),
  };
}

// `{file, name, question, expected}`, or without the last two where a case needs protobuf.
export function cases() {
  return tests.suites
    .filter((file) => !left_out.has(file.name))
    .flatMap((file) => file.suites.flatMap((section) => section.tests.map(({ original }) => {
      const named = { file: file.name, name: `${section.name}/${original.name}` };
      try {
        return { ...named, ...converted(original) };
      } catch (error) {
        if (error instanceof NeedsProtobuf) return named;
        throw error;
      }
    })));
}
