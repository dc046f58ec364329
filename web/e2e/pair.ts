/** Most lessons here: a teacher and a student, each in a browser of their own. */
import type { Browser, Page } from 'playwright-core';
import { Person, type Server, startChromium } from './world';

/** What must be there before the pages open. */
export interface Preparation {
  readonly teacher?: (page: Page) => Promise<void>;
  readonly student?: (page: Page) => Promise<void>;
}

export class Pair {
  readonly teacher: Person;
  readonly student: Person;
  readonly studentLink: string;
  readonly #browsers: readonly Browser[];

  private constructor(teacher: Person, student: Person, studentLink: string, browsers: readonly Browser[]) {
    this.teacher = teacher;
    this.student = student;
    this.studentLink = studentLink;
    this.#browsers = browsers;
  }

  /** Both stand before the join page. */
  static async arrive(server: Server, prepare: Preparation = {}): Promise<Pair> {
    const browsers = [await startChromium(), await startChromium()] as const;
    const options = (own?: (page: Page) => Promise<void>) => (own ? { prepare: own } : {});
    const teacher = await Person.arrive(browsers[0], await server.link('geige', 'teacher', 'Frau Lindqvist'), options(prepare.teacher));
    const studentLink = await server.link('geige', 'student', 'Hannah');
    const student = await Person.arrive(browsers[1], studentLink, options(prepare.student));
    return new Pair(teacher, student, studentLink, browsers);
  }

  /** Both are in the lesson; what they see and hear may still be on its way. */
  static async join(server: Server, prepare: Preparation = {}): Promise<Pair> {
    const pair = await Pair.arrive(server, prepare);
    await pair.teacher.join();
    await pair.student.join();
    return pair;
  }

  /** Both see and hear each other. */
  static async meet(server: Server): Promise<Pair> {
    const pair = await Pair.join(server);
    await pair.seeAndHear();
    return pair;
  }

  async seeAndHear(): Promise<void> {
    await Promise.all([this.teacher.seesAndHears(), this.student.seesAndHears()]);
  }

  async end(): Promise<void> {
    for (const browser of this.#browsers) await browser.close();
  }
}
