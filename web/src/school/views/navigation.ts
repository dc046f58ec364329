import type { Permissions } from '../state/permissions';
import type { SchoolPage } from '../state/school.svelte';
import { hrefs } from '../state/types';
import type { IconName } from '../ui/icons';

export interface NavigationItem {
  readonly name: 'start' | 'plan' | 'messages' | 'attendance' | 'people' | 'profile';
  readonly href: string;
  readonly icon: IconName;
  /** The pages that stand below it. */
  readonly pages: readonly SchoolPage['kind'][];
}

/** At most six, so that each is large enough for a finger on a phone. */
export function navigation(may: Permissions): readonly NavigationItem[] {
  const items: (NavigationItem | false)[] = [
    { name: 'start', href: hrefs.start, icon: 'home', pages: ['start'] },
    (may.teach || may.learn) && { name: 'plan', href: hrefs.plan, icon: 'calendar', pages: ['plan'] },
    { name: 'messages', href: hrefs.messages, icon: 'chat', pages: ['messages', 'thread'] },
    may.teach && { name: 'attendance', href: hrefs.attendance, icon: 'check-circle', pages: ['attendance'] },
    may.keepPeople && { name: 'people', href: hrefs.people, icon: 'people', pages: ['people', 'person', 'new_person'] },
    { name: 'profile', href: hrefs.profile, icon: 'user', pages: ['profile'] },
  ];
  return items.filter((item) => item !== false);
}
