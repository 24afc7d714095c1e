/*
 * One seat: what Postgres wishes, what LiveKit has, and everything that may go wrong between them.
 * README.md beside this file says what is modelled, what is not, and which code does each step.
 * Run it with `npm run model-check`; by hand:
 *
 *   spin -a -DLOOP -DCHECKS seat.pml && gcc -O2 -DSAFETY -o pan pan.c && ./pan -E
 *   spin -a -DLOOP -DCHECKS -DSWEEP -DFAULTS seat.pml && gcc -O2 -DNFAIR=8 -o pan pan.c && ./pan -a -f -N converges
 *
 * What the product does (each can be left out, and then the check has to fail):
 *   LOOP    a writer reads the desired state again after its call, and starts over if it changed
 *   CHECKS  a join that a webhook tells of is checked
 *   SWEEP   LiveKit is asked again and again who is there and what they may do
 *   VOIDS   the gate refuses tokens that were issued before they were voided
 *   TIMES   a lease that is over is ended
 * What goes wrong or differs:
 *   GATE    joins pass the gate; without it an old token brings any right, also into a blocked seat
 *   FAULTS  webhooks are lost, a server dies between its commit and its call, or after the call
 *   RESTART LiveKit forgets everybody
 * What moderators do; each takes part of the CHANGES:
 *   BLOCKS HOLDS LEASES VOIDING REMOVES
 */
#ifndef CHANGES
#define CHANGES 2
#endif
#ifndef JOINS
#define JOINS 2
#endif

/* Rights, as LiveKit keeps them: they may publish or not. What is not a right: not being there. */
#define SILENT 0
#define SPEAKS 1
#define OUT 2

/* The seat in Postgres. */
bool speaker = false;        /* the override: a promotion */
bool lease = false;          /* it ends by itself */
bool blocked = false;
bool held = false;           /* publishing is taken out of whatever the role gives */
byte epoch = 0;              /* counts what was wished */
byte voided = 0;             /* tokens of this generation and older are refused */

/* The participant's newest token, and LiveKit. */
byte token = 1;
bool present = false;
byte permission = SILENT;
byte connection = 0;         /* of the one who is there: who comes back has another */
chan joined = [JOINS] of { byte };

byte changes = 0, joins = 0;
byte applying = 0;           /* writers between their look and the end of their loop */
byte open = 0, ended = 0;    /* operations: begun, and with an outcome */
bool expired = false;        /* the lease's time has come */

#define ALLOWED (blocked -> OUT : ((speaker && !held) -> SPEAKS : SILENT))
#define RIGHT (!present || (!blocked && permission == (speaker && !held)))

/* The one apply. Whole, absolute, and as slow as it likes: steps of writers interleave freely. */
inline apply(want, at) {
  do
  :: atomic { want = ALLOWED; at = epoch };
     atomic {
       if
       :: !present -> skip                              /* 404: it waits for the join */
       :: present && want == OUT -> present = false     /* removeParticipant */
       :: else -> permission = want                     /* UpdateParticipant */
       fi
     };
#ifdef LOOP
     atomic { if :: at == epoch -> break :: else -> skip fi }
#else
     break
#endif
  od
}

/* Two servers; each commits a desired state, applies it, and writes the outcome. */
active [2] proctype Server() {
  byte want, at;
  do
  :: atomic {
       changes < CHANGES -> changes++; epoch++; open++; applying++;
       if
       :: speaker = !speaker; lease = false
#ifdef LEASES
       :: speaker = true; lease = true; expired = false
#endif
#ifdef BLOCKS
       :: blocked = !blocked
#endif
#ifdef HOLDS
       :: held = !held
#endif
       fi
     };
#ifdef FAULTS
     if
     :: atomic { skip -> applying--; want = 0; at = 0; goto died }
     :: skip
     fi;
#endif
     apply(want, at);
#ifdef FAULTS
     if
     :: atomic { skip -> applying--; want = 0; at = 0; goto died }
     :: skip
     fi;
#endif
     atomic { applying--; ended++; assert(ended <= open); want = 0; at = 0 };
#ifdef FAULTS
died: skip
#endif
#ifdef TIMES
  :: atomic { lease && expired -> lease = false; expired = false; speaker = false; epoch++; open++; applying++ };
     apply(want, at);
     atomic { applying--; ended++; assert(ended <= open); want = 0; at = 0 }
#endif
#ifdef VOIDING
  :: atomic { changes < CHANGES && voided < token -> changes++; voided = token }
#endif
#ifdef REMOVES
  :: atomic { changes < CHANGES && present -> changes++; present = false }
#endif
  od
}

#ifdef LEASES
/* Time passes; then the server that looks first ends the lease, once: the row's lock sees to that. */
active proctype Clock() {
  do
  :: atomic { lease && !expired -> expired = true }
  od
}

#endif

active proctype Person() {
  byte rights, proof, seen;
  do
  :: joins < JOINS ->
       /* They come, or come back, or open a second tab: the old connection makes room. */
       if
       :: proof = token                                 /* the token of now */
       :: proof = 1                                     /* the oldest one they kept */
       fi;
#ifdef GATE
       /* The gate decides; what commits between its look and the join is the check's to find. */
       atomic {
         seen = ALLOWED;
#ifdef VOIDS
         if
         :: proof <= voided -> seen = OUT
         :: else -> skip
         fi;
#endif
         assert(seen == OUT || proof > voided);         /* no voided token comes in after the void */
         rights = seen
       };
#else
       if :: rights = SILENT :: rights = SPEAKS fi;
#endif
       atomic {
         joins++;
         if
         :: rights == OUT -> skip
         :: rights != OUT ->
              present = true; permission = rights; connection++;
              if
              :: joined!connection
#ifdef FAULTS
              :: skip                                   /* the webhook is lost */
#endif
              fi
         fi;
         rights = 0; seen = 0; proof = 0
       }
  :: atomic { present && joins < JOINS -> present = false }
#ifdef VOIDING
  :: atomic { voided >= token && token < 3 && !blocked -> token++ }   /* the app asks for a new one */
#endif
  od
}

/* A join that is told of is checked: with what is there when the check comes, not with what the
 * webhook said. */
active proctype Webhooks() {
  byte want, at, who;
  do
  :: atomic { joined?who -> who = 0; applying++ };
#ifdef CHECKS
     if
     :: RIGHT -> skip
     :: else -> apply(want, at)
     fi;
#endif
     atomic { applying--; want = 0; at = 0 }
  od
}

#ifdef SWEEP
/* One server of all; when it dies the next one takes over, which is the same loop again. */
active proctype Sweep() {
  byte want, at;
  do
  :: atomic { !RIGHT -> applying++ }; apply(want, at); atomic { applying--; want = 0; at = 0 }
  :: atomic { applying == 0 && ended < open -> ended++ }            /* what a dead server left open */
  od
}
#endif

#ifdef RESTART
active proctype Restart() {
  atomic { skip -> present = false; connection = 0; do :: joined?_ :: empty(joined) -> break od }
}
#endif

/* When nobody has anything left to do, all is right. Without faults that needs no sweep. */
active proctype Quiet() {
  timeout ->
    assert(RIGHT);
    assert(ended == open);
    assert(!(lease && expired))
}

#ifdef SWEEP
ltl converges { <>[] (RIGHT && ended == open && !(lease && expired)) }
#endif
