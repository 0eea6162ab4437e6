// Verifies an exported log with golang.org/x/mod/sumdb: the signature of its head, its tiles up to the signed root, every
// entry against them. Usage: verify FOLDER VKEY-FILE
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder string

func (folder) Height() int                      { return 8 }
func (folder) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles reads what sumdb calls tile/8/LEVEL/NUMBER, and C2SP tile/LEVEL/NUMBER.
func (f folder) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, tile := range tiles {
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(string(f), "tile", path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func check(err error) {
	if err != nil {
		log.Fatal("REJECTED: ", err)
	}
}

func main() {
	log.SetFlags(0)
	from := folder(os.Args[1])
	vkey, err := os.ReadFile(os.Args[2])
	check(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	check(err)
	checkpoint, err := os.ReadFile(filepath.Join(os.Args[1], "checkpoint"))
	check(err)
	opened, err := note.Open(checkpoint, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	if lines[0] != verifier.Name() {
		log.Fatal("REJECTED: a head of another log")
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, from)
	for first := int64(0); first < size; first += 256 {
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: 256}
		if size-first < 256 {
			tile.W = int(size - first)
		}
		path := strings.TrimPrefix(tile.Path(), "tile/8/0/")
		bundle, err := os.ReadFile(filepath.Join(os.Args[1], "tile/entries", path))
		check(err)
		var indexes []int64
		for at := 0; at < tile.W; at++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(at)))
		}
		hashes, err := reader.ReadHashes(indexes)
		check(err)
		for at, hash := range hashes {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				log.Fatal("REJECTED: a bundle ends early")
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:end]) != hash {
				log.Fatal("REJECTED: entry ", first+int64(at), " is not the one that was hashed")
			}
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			log.Fatal("REJECTED: a bundle goes on too long")
		}
	}
	fmt.Printf("sumdb: %d entries of %s are under the signed root %x\n", size, lines[0], root[:])
}
