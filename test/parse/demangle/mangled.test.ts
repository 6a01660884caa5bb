import { expect, test } from 'vitest'
import {
  createMangled,
  readSubstitution,
  readTemplateParameter,
} from '../../../src/parse/demangle/mangled.js'
import { createSubstitutions } from '../../../src/parse/demangle/substitutions.js'
import { plain, show } from '../../../src/parse/demangle/type-text.js'

test('substitutions are numbered in the order in which they come', () => {
  const substitutions = createSubstitutions()
  expect(substitutions.remember(plain('a'))).toEqual(plain('a'))
  substitutions.remember(plain('b'))
  expect(substitutions.at(1)).toEqual(plain('b'))
  expect(() => substitutions.at(2)).toThrow()
})

test('there is an end to them', () => {
  const substitutions = createSubstitutions()
  for (let count = 0; count < 2048; count += 1) substitutions.remember(plain('a'))
  expect(() => substitutions.remember(plain('a'))).toThrow()
})

test('a name refers to what came before, to the standard library, and to its template', () => {
  const mangled = createMangled('S_SsT_T0_')
  mangled.substitutions.remember(plain('Cart'))
  mangled.templateArguments = [plain('int')]
  expect(show(readSubstitution(mangled))).toBe('Cart')
  expect(show(readSubstitution(mangled))).toBe('std::string')
  expect(show(readTemplateParameter(mangled))).toBe('int')
  expect(show(readTemplateParameter(mangled))).toBe('auto')
})
