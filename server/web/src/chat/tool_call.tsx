// A tool call: one line, and all of it when that is opened.
import { Ban, ChevronRight, CircleCheck, CircleHelp, CircleX, LoaderCircle } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { toApiError } from '../api/errors';
import type { SessionModel } from '../session/model';
import { duration } from '../ui/format';
import type { ContentPart } from './frames';
import { answersWithDiff, argumentBlocks, diffOf, linesOf, toolState, toolTitle, type DiffLine } from './tool_text';
import type { ToolItem } from './transcript';

const kIcons = { running: LoaderCircle, ok: CircleCheck, failed: CircleX, unknown: CircleHelp, not_run: Ban };
const kLinesFirst = 400; // of a text; more only when asked for

export function ToolCall({ tool, model, busy }: { tool: ToolItem; model: SessionModel; busy: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const { verb, object } = toolTitle(tool);
  const { state, label } = toolState(tool, busy);
  const Icon = kIcons[state];
  const took = tool.result ? tool.result.at - tool.at : 0;
  return (
    <div class={`item tool ${state}`}>
      <button class="row" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <ChevronRight class="turner" aria-hidden="true" />
        <span class="verb">{verb}</span>
        <code class="object">{object}</code>
        <span class="end">
          {took >= 1000 && <span class="muted">{duration(took)}</span>}
          {state !== 'ok' && <span class="label">{label}</span>}
          <Icon class={state === 'running' ? 'spin' : ''} role="img" aria-label={label} />
        </span>
      </button>
      {isOpen && <Inside tool={tool} model={model} />}
    </div>
  );
}

function Inside({ tool, model }: { tool: ToolItem; model: SessionModel }) {
  const diff = diffOf(tool);
  return (
    <div class="inside">
      {argumentBlocks(tool).map((block) => <Text key={block.name} title={block.name} text={block.text} />)}
      {diff && <Diff lines={diff} />}
      {tool.result && <Result seq={tool.result.seq} preview={tool.result.preview} isDiff={answersWithDiff(tool)} model={model} />}
    </div>
  );
}

function Diff({ lines }: { lines: DiffLine[] }) {
  return (
    <pre class="diff" tabIndex={0} aria-label="Change">
      {lines.map((line, index) => (
        <span key={index} class={{ '+': 'added', '-': 'removed', '@': 'place', ' ': '' }[line.sign]}>
          {line.sign === '@' ? '' : line.sign}{line.text}{'\n'}
        </span>
      ))}
    </pre>
  );
}

function Text({ title, text }: { title: string; text: string }) {
  const [isWhole, setWhole] = useState(false);
  const lines = text.split('\n');
  const isCut = lines.length > kLinesFirst && !isWhole;
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <pre tabIndex={0} aria-label={title}>{isCut ? lines.slice(0, kLinesFirst).join('\n') : text}</pre>
      {isCut && <button class="link" onClick={() => setWhole(true)}>Show all {lines.length} lines</button>}
    </figure>
  );
}

// The frame has the beginning of it; the event has all, and pictures.
function Result({ seq, preview, isDiff, model }: { seq: number; preview: string; isDiff: boolean; model: SessionModel }) {
  const [content, setContent] = useState<ContentPart[] | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    model.resultOf(seq).then(
      (whole) => setContent(Array.isArray(whole) ? (whole as ContentPart[]) : null),
      (error: unknown) => setProblem(toApiError(error).message),
    );
  }, [seq]);
  if (!content) {
    if (isDiff && !problem) return <Diff lines={linesOf(preview)} />;
    return (
      <>
        <Text title="Result" text={preview || '(nothing)'} />
        {problem && <p class="problem">The whole result could not be read: {problem}</p>}
      </>
    );
  }
  if (content.length === 0) return <Text title="Result" text="(nothing)" />;
  return <>{content.map((part, index) => <Part key={index} part={part} isDiff={isDiff} />)}</>;
}

function Part({ part, isDiff }: { part: ContentPart; isDiff: boolean }) {
  if (part.type === 'image' && part.data) {
    return <img class="picture" src={`data:${part.mimeType ?? 'image/png'};base64,${part.data}`} alt="What the tool saw" />;
  }
  if (isDiff && part.text) return <Diff lines={linesOf(part.text)} />;
  return <Text title="Result" text={part.text ?? JSON.stringify(part, null, 2)} />;
}
