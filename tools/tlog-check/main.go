// Command tlog-check reads a log of Rolecall over HTTP with software that has nothing to do with
// Rolecall: the transparency log packages of the Go project, which check Go's module downloads, and
// Torchwood's client of c2sp.org/tlog-tiles. It checks the signature of the newest checkpoint, proves
// that an entry is in its tree, and proves that the tree continues that of an older checkpoint.
package main

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	url := flag.String("url", "", "where checkpoint and tiles are, such as https://rolecall.example.com/ledger")
	key := flag.String("key", "", "verifier key of the log (Ed25519) that you have from elsewhere")
	bearer := flag.String("bearer", "", "API key with ledger.read, to read the entry itself")
	leaf := flag.Int64("leaf", -1, "leaf to prove (default: the last one)")
	since := flag.String("since", "", "file with an older checkpoint of the log")
	flag.Parse()
	if err := check(*url, *key, *bearer, *leaf, *since); err != nil {
		log.Fatalf("not proved: %v", err)
	}
}

func check(url, key, bearer string, leaf int64, since string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return fmt.Errorf("-key: %w", err)
	}
	fetcher, err := torchwood.NewTileFetcher(url, torchwood.WithHTTPClient(&http.Client{
		Transport: withBearer(bearer),
		Timeout:   10 * time.Second,
	}))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	signed, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return err
	}
	newest, err := open(signed, verifier)
	if err != nil {
		return fmt.Errorf("the newest checkpoint: %w", err)
	}
	fmt.Printf("checkpoint of %s: %d entries, root %x\n", newest.Origin, newest.N, newest.Hash[:])

	if leaf < 0 {
		leaf = newest.N - 1
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		return err
	}
	entry, inclusion, err := client.Entry(ctx, newest.Tree, leaf)
	if err != nil {
		return err
	}
	hash := tlog.RecordHash(entry)
	if err := tlog.CheckRecord(inclusion, newest.N, newest.Hash, leaf, hash); err != nil {
		return err
	}
	fmt.Printf("included: leaf %d, hash %s, %d hashes lead to the root\n", leaf, hex.EncodeToString(hash[:]), len(inclusion))
	fmt.Printf("entry: %s\n", entry)

	if since == "" {
		return nil
	}
	kept, err := os.ReadFile(since)
	if err != nil {
		return err
	}
	older, err := open(kept, verifier)
	if err != nil {
		return fmt.Errorf("-since: %w", err)
	}
	hashes := torchwood.TileHashReaderWithContext(ctx, newest.Tree, fetcher)
	continues, err := tlog.ProveTree(newest.N, older.N, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(continues, newest.N, newest.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("-since: %w", err)
	}
	fmt.Printf("consistent: the tree of %d entries continues that of %d\n", newest.N, older.N)
	return nil
}

// open returns the checkpoint that the key has signed.
func open(signed []byte, verifier note.Verifier) (torchwood.Checkpoint, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	return torchwood.ParseCheckpoint(opened.Text)
}

// withBearer sends the API key, which only entry bundles need.
type withBearer string

func (key withBearer) RoundTrip(request *http.Request) (*http.Response, error) {
	if key != "" {
		request = request.Clone(request.Context())
		request.Header.Set("Authorization", "Bearer "+string(key))
	}
	return http.DefaultTransport.RoundTrip(request)
}
