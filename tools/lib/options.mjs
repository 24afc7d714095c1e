import { PlainError } from './errors.mjs';

const HELP = `npm start [-- options]

Starts Rolecall with everything it needs: packages, build, a Postgres and a LiveKit server of its
own, migrations, and the first admin. Ctrl-C ends all of it.

  --port N   listen on this port (else PORT, else 3000 or the next free one)
  --demo     add sample rooms, people and templates, and participants that really join
  --open     open the dashboard in a browser when it is ready
  --verbose  show every request too
  --help     show this

DATABASE_URL or LIVEKIT_URL name servers of yours to use instead; the README lists every variable.`;

const FLAGS = { '--demo': 'isDemo', '--open': 'isOpen', '--verbose': 'isVerbose' };

/** `{ isHelp, isDemo, isOpen, isVerbose, port }` of the arguments; throws what is wrong with them. */
export function parseOptions(argv) {
  const options = {
    isHelp: false,
    isDemo: false,
    isOpen: false,
    isVerbose: false,
    port: undefined,
  };
  const rest = [...argv];
  while (rest.length > 0) {
    const [name, inline] = splitOption(rest.shift());
    if (name === '--help' || name === '-h') options.isHelp = true;
    else if (FLAGS[name] && inline === undefined) options[FLAGS[name]] = true;
    else if (name === '--port') options.port = parsePort(inline ?? rest.shift(), '--port');
    else {
      throw new PlainError(
        `Unknown option: ${inline === undefined ? name : `${name}=${inline}`}`,
        'npm start -- --help lists what there is.',
      );
    }
  }
  return options;
}

export { HELP };

function splitOption(argument) {
  const at = argument.indexOf('=');
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

/** A port to listen on; 0 stands for the default or the next free one. */
function parsePort(text, name) {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : NaN;
  if (port <= 65535) return port;
  throw new PlainError(
    `${name} is ${text === undefined ? 'without a value' : `"${text}"`}; a port is a number from 0 to 65535.`,
  );
}
