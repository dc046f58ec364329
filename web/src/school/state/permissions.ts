import type { Me, PersonRole } from '../../generated/school';

/** What the pages offer. The server decides anew at every request; this only keeps doors that are shut out of sight. */
export interface Permissions {
  /** Teaches: a day with lessons, attendance to confirm. */
  readonly teach: boolean;
  /** Learns, or is responsible for somebody who does. */
  readonly learn: boolean;
  readonly seePeople: boolean;
  readonly keepPeople: boolean;
  readonly seeAccounts: boolean;
  readonly makeOperators: boolean;
  readonly seeCourses: boolean;
  readonly keepCourses: boolean;
  readonly seeAttendance: boolean;
  readonly exchange: boolean;
  readonly settings: boolean;
  readonly lead: boolean;
}

export function permissions(me: Pick<Me, 'roles' | 'children'>): Permissions {
  const is = (...roles: PersonRole[]): boolean => roles.some((role) => me.roles.includes(role));
  return {
    teach: is('teacher'),
    learn: is('student') || is('guardian') || me.children.length > 0,
    seePeople: is('office', 'head', 'teacher'),
    keepPeople: is('office'),
    seeAccounts: is('office', 'operator'),
    makeOperators: is('operator'),
    seeCourses: is('office', 'head'),
    keepCourses: is('office'),
    seeAttendance: is('teacher', 'office', 'head'),
    exchange: is('office', 'head'),
    settings: is('office', 'operator'),
    lead: is('head'),
  };
}

/** Whether the pages say "du": to pupils who are nothing else here. */
export function isPupil(me: Pick<Me, 'roles'>): boolean {
  return me.roles.length > 0 && me.roles.every((role) => role === 'student');
}
