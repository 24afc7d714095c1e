import { printableJson } from '../../common/printable.js';

/** Facility "log audit" (RFC 5424, 6.2.1). */
const FACILITY = 13;
const NOTHING = '-';
/** OCSF's severities as syslog has them. */
const SEVERITIES: Readonly<Record<number, number>> = { 1: 6, 2: 5, 3: 4, 4: 3, 5: 2 };
const INFORMATIONAL = 6;

interface Framed {
  readonly severity_id?: unknown;
  readonly metadata?: unknown;
}

/** One event as RFC 5424 has it, with its length before it (RFC 5425, 4.3). */
export function syslogFrame(event: Framed): string {
  const {
    original_time: at,
    event_code: kind,
    log_name: origin,
  } = event.metadata as Record<'original_time' | 'event_code' | 'log_name', string>;
  const severity = SEVERITIES[Number(event.severity_id)] ?? INFORMATIONAL;
  const host = field(origin.split('/')[0] ?? '', 255);
  const head = `<${FACILITY * 8 + severity}>1 ${at} ${host} rolecall ${NOTHING} ${field(kind, 32)} ${NOTHING}`;
  const message = `${head} ${printableJson(JSON.stringify(event))}`;
  return `${Buffer.byteLength(message)} ${message}`;
}

/** Header fields are printable ASCII without spaces. */
function field(text: string, longest: number): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, longest) || NOTHING;
}
