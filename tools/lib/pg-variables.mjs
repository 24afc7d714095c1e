/** `pg` reads PGHOST, PGOPTIONS and the like; a shell that has some is not asked for advice. */
export function forgetPgVariables(environment = process.env) {
  for (const name of Object.keys(environment)) {
    if (/^PG[A-Z]+$/.test(name)) delete environment[name];
  }
}
