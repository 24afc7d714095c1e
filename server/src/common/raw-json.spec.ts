import { expect, it } from '@jest/globals';
import { rawMember } from './raw-json.js';

it.each<[string, string, string | null]>([
  ['{"a":1,"b":{"a":2}}', 'b', '{"a":2}'],
  ['{"b":{"a":2},"a":[1,{"a":"}"}]}', 'a', '[1,{"a":"}"}]'],
  ['{"x":"\\"a\\":9,","a":"\\\\"}', 'a', '"\\\\"'],
  ['{"\\u001f":1, "a" : {"\\\\":0,"\\u001f":2} }', 'a', '{"\\\\":0,"\\u001f":2}'],
  ['{"x":"a","y":null}', 'a', null],
  ['{"a":1,"\\u0061":2}', 'a', '2'],
  ['["a",1]', 'b', null],
  ['', 'a', null],
])('a member is cut out as it is written: %s', (json, name, member) => {
  expect(rawMember(json, name)).toBe(member);
});
