/** Icons of the pages around the call, in the same hand as `src/ui/icons.ts`. */
import { icons as common, type IconShape } from '../../ui/icons';

export const icons = {
  ...common,
  home: { line: 'M4 11.5 12 4.5l8 7M6 10v8.5a1.5 1.5 0 0 0 1.5 1.5h9a1.5 1.5 0 0 0 1.5-1.5V10M10 20v-5.5h4V20' },
  calendar: { line: 'M6 5h12a2.5 2.5 0 0 1 2.5 2.5v10.5a2.5 2.5 0 0 1-2.5 2.5h-12a2.5 2.5 0 0 1-2.5-2.5v-10.5a2.5 2.5 0 0 1 2.5-2.5z M3.5 10h17M8 3v4M16 3v4' },
  bell: { line: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4' },
  pen: { line: 'M4 20l.9-4.2L16.2 4.5a2.2 2.2 0 0 1 3.2 3.2L8.2 19zM14.5 6.5l3 3' },
  folder: { line: 'M3.5 7A2.5 2.5 0 0 1 6 4.5h3.5l2 2.5H18a2.5 2.5 0 0 1 2.5 2.5V17a2.5 2.5 0 0 1-2.5 2.5H6A2.5 2.5 0 0 1 3.5 17z' },
  table: { line: 'M6 4.5h12a2.5 2.5 0 0 1 2.5 2.5v10a2.5 2.5 0 0 1-2.5 2.5h-12a2.5 2.5 0 0 1-2.5-2.5v-10a2.5 2.5 0 0 1 2.5-2.5z M3.5 9.5h17M3.5 14.5h17M9.5 9.5v10' },
  clip: { line: 'M19.5 11.5l-7.3 7.3a4.6 4.6 0 0 1-6.5-6.5l7.6-7.6a3 3 0 0 1 4.3 4.3l-7.5 7.5a1.5 1.5 0 0 1-2.1-2.1l6.7-6.7' },
  download: { line: 'M12 4v11M7.5 11 12 15.5l4.5-4.5M4.5 19.5h15' },
  upload: { line: 'M12 16V5M7.5 9 12 4.5 16.5 9M4.5 19.5h15' },
  print: { line: 'M7 9V4h10v5M7 17H5.5A2 2 0 0 1 3.5 15v-4a2 2 0 0 1 2-2h13a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2H17 M8 14h8a1 1 0 0 1 1 1v4.5a1 1 0 0 1-1 1h-8a1 1 0 0 1-1-1v-4.5a1 1 0 0 1 1-1z' },
  search: { line: 'M4 10.5A6.5 6.5 0 1 1 17 10.5A6.5 6.5 0 1 1 4 10.5z M15.5 15.5l5 5' },
  image: { line: 'M6 4.5h12a2.5 2.5 0 0 1 2.5 2.5v10a2.5 2.5 0 0 1-2.5 2.5h-12a2.5 2.5 0 0 1-2.5-2.5v-10a2.5 2.5 0 0 1 2.5-2.5z M7.3 9A1.7 1.7 0 1 1 10.7 9A1.7 1.7 0 1 1 7.3 9z M4 17.5l5-4.5 3.5 3 3-2.5 5 4' },
  copy: { line: 'M10.5 8.5h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2z M15.5 8.5v-3a2 2 0 0 0-2-2h-8a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h3' },
  mail: { line: 'M5.5 5h13a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-10a2 2 0 0 1 2-2z M4 7.5l8 6 8-6' },
} satisfies Record<string, IconShape>;

export type IconName = keyof typeof icons;
