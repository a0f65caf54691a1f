// What went wrong, in words that can be shown.

export interface FieldProblem {
  field: string;
  message: string;
}

interface Problem {
  status: number; // 0 = no answer came
  message: string;
  hint?: string | undefined;
  details?: FieldProblem[];
  retryAfterMs?: number | undefined;
}

export class ApiError extends Error {
  readonly status: number;
  readonly hint: string | undefined;
  readonly details: FieldProblem[];
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem) {
    super(problem.message);
    this.status = problem.status;
    this.hint = problem.hint;
    this.details = problem.details ?? [];
    this.retryAfterMs = problem.retryAfterMs;
  }

  // Everything that it says, each thing once: what is wrong with one field alone is often the message itself.
  get lines(): string[] {
    const details = this.details.filter((one) => !this.message.includes(one.message));
    return [this.message, ...details.map((one) => `${one.field}: ${one.message}`)];
  }

  // The same request may well succeed later.
  get mayPass(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export const unreachable = (): ApiError =>
  new ApiError({ status: 0, message: 'The server cannot be reached', hint: 'Is it running, and is your network up?' });

function retryAfter(header: string | null): number | undefined {
  const seconds = Number(header);
  return header && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

export function errorOf(status: number, body: string, retryAfterHeader: string | null): ApiError {
  const retryAfterMs = retryAfter(retryAfterHeader);
  try {
    const json = JSON.parse(body) as { error?: string; message?: string; hint?: string; details?: FieldProblem[] };
    const message = json.message || json.error || `The server answered with status ${status}`;
    return new ApiError({ status, message, hint: json.hint, details: json.details ?? [], retryAfterMs });
  } catch {
    return new ApiError({ status, message: `The server answered with status ${status}`, retryAfterMs });
  }
}

// For whatever a catch clause gets.
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({ status: 0, message: error instanceof Error ? error.message : String(error) });
}
