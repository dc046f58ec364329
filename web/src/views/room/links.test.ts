import { describe, expect, it } from 'vitest';
import { withLinks } from './links';

const linked = (text: string) => withLinks(text).flatMap(({ href }) => (href === null ? [] : [href]));

describe('addresses in what people write', () => {
  it.each([
    ['Noten: https://schule.example/noten.pdf', 'https://schule.example/noten.pdf'],
    ['(siehe http://a.example/x_(y)).', 'http://a.example/x_(y)'],
    ['„https://a.example“', 'https://a.example'],
    ['HTTPS://A.example/?q=1&r=ü#z!', 'HTTPS://A.example/?q=1&r=ü#z'],
    ['https://a.example, https://b.example', 'https://a.example https://b.example'],
    ['Zeile\nhttps://a.example/1\nZeile', 'https://a.example/1'],
  ])('%s', (text, links) => {
    expect(linked(text).join(' ')).toBe(links);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'JaVaScRiPt://x.example/%0aalert(1)',
    'xhttps://a.example',
    'ftp://a.example',
    'www.a.example',
    'https://',
    'https://schule.example@evil.example/',
    'https://a.example/\u202efdp.exe',
    'https://a\u200b.example',
    'https:\\\\a.example',
    '<a href="x">y</a>',
  ])('leaves %j alone', (text) => {
    expect(linked(text)).toEqual([]);
  });

  it('never changes what was written, nor lets markup into an address', () => {
    const hostile = '<img src=x onerror=alert(1)> https://a.example/"onmouseover="alert(1)  <b>\n https://b.example/<script>';
    const parts = withLinks(hostile);
    expect(parts.map(({ text }) => text).join('')).toBe(hostile);
    expect(linked(hostile)).toEqual(['https://a.example/', 'https://b.example/']);
    for (const { text, href } of parts) expect(href === null || href === text).toBe(true);
  });

  it('takes no longer for what is long', () => {
    const long = `https://${'('.repeat(2000)}${')'.repeat(2000)}`;
    expect(withLinks(long).map(({ text }) => text).join('')).toBe(long);
  });
});
