import type { ParticipantInfo, ServerMessage } from '../generated/wire';
import type { RoomState } from '../core/room';
import { beyondSeats } from '../core/seats';
import { notAllFit } from './notices';
import { toParticipant, toSeats } from './people';
import { RoomStore } from './room.svelte';
import type { LessonView, Notice, Participant, Seat } from './types';

/** One lesson: everybody has a seat of their own, in order of joining. */
export class LessonStore extends RoomStore implements LessonView {
  readonly #beyond: readonly ParticipantInfo[] = $derived.by(() => (this.room ? beyondSeats(this.room) : []));
  readonly participants: readonly Participant[] = $derived.by(() => {
    const { room } = this;
    return (room?.participants ?? []).map((info) => toParticipant(info, room?.me ?? -1, this.proof.speaking, this.#beyond));
  });
  readonly seats: readonly Seat[] = $derived.by(() =>
    toSeats(this.room?.seats ?? [], this.participants, this.room?.participants ?? [], this.seen),
  );

  protected get occupied(): readonly Seat[] {
    return this.seats;
  }

  protected get listenerName(): string {
    return this.participants.find((p) => !p.isMe)?.name ?? '';
  }

  showSeat = (element: HTMLVideoElement, index: number): (() => void) => this.playback.show(element, index);

  protected override ownNotices(): readonly Notice[] {
    return this.#beyond.length > 0 ? [notAllFit(this.#beyond.length)] : [];
  }

  protected roomChanged(before: RoomState | null, room: RoomState, message: ServerMessage): void {
    if (message.type === 'participant_joined') this.toast({ kind: 'joined', name: message.participant.name });
    if (message.type === 'participant_left') this.#toastLeft(before, message.participant);
    if (message.type === 'participant_changed') this.#toastProfile(before, message.participant, room.me);
  }

  #toastLeft(before: RoomState | null, id: number): void {
    const name = before?.participants.find((p) => p.id === id)?.name;
    if (name !== undefined) this.toast({ kind: 'left', name });
  }

  #toastProfile(before: RoomState | null, info: ParticipantInfo, me: number): void {
    const old = before?.participants.find((p) => p.id === info.id)?.sound_profile;
    if (old === undefined || old === info.sound_profile || info.id === me) return;
    this.toast({ kind: 'profile', profile: info.sound_profile, name: info.name });
  }
}
