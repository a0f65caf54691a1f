// One line or block of the conversation for each item.
import { CircleAlert, CircleCheck, CircleStop, FileDown, Info, Lightbulb, TriangleAlert } from 'lucide-preact';
import { memo } from 'preact/compat';
import { saveFile, saveProject } from '../files/save';
import type { SessionModel } from '../session/model';
import { cost, count, firstLine, plural } from '../ui/format';
import type { Failure } from './frames';
import { Markdown } from './markdown';
import { ToolCall } from './tool_call';
import type { FilesItem, Item, NoteItem, TurnItem } from './transcript';

interface Props {
  item: Item;
  model: SessionModel;
  busy: boolean;
}

// Items are replaced when they change: the same one looks the same, and hundreds of them cost nothing.
export const ItemView = memo(
  function ItemView({ item, model, busy }: Props) {
    switch (item.kind) {
      case 'prompt':
        return <PromptView text={item.text} />;
      case 'answer':
        return <div class="item answer"><Markdown source={item.text} sessionId={model.id} /></div>;
      case 'thinking':
        return <Thinking text={item.text} />;
      case 'tool':
        return <ToolCall tool={item} model={model} busy={busy} />;
      case 'note':
        return <Note note={item} />;
      case 'turn':
        return <TurnEnd turn={item} />;
      case 'files':
        return <Files item={item} sessionId={model.id} />;
    }
  },
  (before, after) => before.item === after.item && (before.busy === after.busy || after.item.kind !== 'tool'),
);

interface PromptProps {
  text: string;
  state?: string | undefined;
  failure?: Failure | undefined;
  onRetry?(): void;
  onDiscard?(): void;
}

export function PromptView({ text, state, failure, onRetry, onDiscard }: PromptProps) {
  return (
    <div class={`item prompt${state ? ' pending' : ''}${failure ? ' failed' : ''}`}>
      <span class="hidden">You: </span>
      <p>{text}</p>
      {state && <p class="state">{state}</p>}
      {failure && (
        <div class="state" role="alert">
          Not sent: {failure.message}. {failure.hint}
          <span class="actions"><button onClick={onRetry}>Try again</button><button onClick={onDiscard}>Discard</button></span>
        </div>
      )}
    </div>
  );
}

function Thinking({ text }: { text: string }) {
  return (
    <details class="item thinking">
      <summary><Lightbulb aria-hidden="true" />{firstLine(text)}</summary>
      <p>{text}</p>
    </details>
  );
}

const kToneIcons = { info: Info, warning: TriangleAlert, error: CircleAlert };

function Note({ note }: { note: NoteItem }) {
  const Icon = kToneIcons[note.tone];
  return (
    <p class={`item note ${note.tone}`}>
      <Icon aria-hidden="true" /><span>{note.text}</span>
    </p>
  );
}

const kOutcomes: Record<string, { words: string; Icon: typeof CircleCheck; tone: string }> = {
  completed: { words: 'Done', Icon: CircleCheck, tone: 'ok' },
  stopped: { words: 'Stopped', Icon: CircleStop, tone: 'info' },
  limit: { words: 'Ended at a limit', Icon: TriangleAlert, tone: 'warning' },
  failed: { words: 'The turn failed', Icon: CircleAlert, tone: 'error' },
};

function TurnEnd({ turn }: { turn: TurnItem }) {
  const { words, Icon, tone } = kOutcomes[turn.outcome] ?? { words: turn.outcome, Icon: Info, tone: 'info' };
  const { input_tokens, output_tokens, cost_usd } = turn.usage;
  return (
    <div class={`item turn ${tone}`}>
      <p>
        <Icon aria-hidden="true" />{words}
        <span class="muted">
          {plural(turn.steps, 'step')} · {count(input_tokens + output_tokens)} tokens{cost_usd !== undefined && ` · ${cost(cost_usd)}`}
        </span>
      </p>
      {turn.failure && <p class="why">{turn.failure.message} {turn.failure.hint && <span class="muted">{turn.failure.hint}</span>}</p>}
    </div>
  );
}

const kFilesNamed = 6;

function Files({ item, sessionId }: { item: FilesItem; sessionId: string }) {
  const named = item.files.slice(0, kFilesNamed);
  const more = item.files.length - named.length;
  return (
    <div class="item files">
      <FileDown aria-hidden="true" />
      <div>
        <button class="link" onClick={() => void saveProject(sessionId)}>Download the project</button>
        {named.length > 0 && <span class="muted"> Changed: </span>}
        {named.map((file) => (
          <button class="link file" key={file} onClick={() => void saveFile(sessionId, file)}>{file}</button>
        ))}
        {more > 0 && <span class="muted"> and {more} more</span>}
      </div>
    </div>
  );
}
