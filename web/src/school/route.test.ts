import { describe, expect, it } from 'vitest';
import { hrefs, parseRoute } from './route';

const at = (address: string) => parseRoute(new URL(address, 'https://school.example'));

describe('the school’s addresses', () => {
  it('lead to their pages', () => {
    expect(at('/')).toEqual({ page: 'start' });
    expect(at('/people/')).toEqual({ page: 'people' });
    expect(at(hrefs.newPerson)).toEqual({ page: 'new_person' });
    expect(at(hrefs.person('a b/c'))).toEqual({ page: 'person', id: 'a b/c' });
  });

  it('carry secrets behind # alone', () => {
    expect(at('/enter#abc')).toEqual({ page: 'enter', secret: 'abc' });
    expect(at('/enter?secret=abc')).toEqual({ page: 'enter', secret: '' });
    expect(at('/setup#x')).toEqual({ page: 'setup', secret: 'x' });
  });

  it('lead nowhere when they are none', () => {
    for (const address of ['/nowhere', '/people/1/2', '/people/%E0%A4%A', '/profile/x']) expect(at(address)).toEqual({ page: 'not_found' });
  });
});
