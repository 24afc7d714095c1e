/**
 * SHA-256 of the body of each function that writes the ledger or protects it, as the migrations left
 * it. A migration that replaces one changes its line here; the tests say so.
 */
export const LEDGER_FUNCTIONS: Readonly<Record<string, string>> = {
  ledger_actor_part: '46ba45dae4abb79f1198a422010e7d0e1b6f94f3d772acc02c9483e7b7d1f56b',
  ledger_add_keys: '47375993173613ea39964a2b55e4121492032cc3c905f6006dfcc48f6ed7ee1e',
  ledger_append: '76756ccc8e27ca30956e2cf83ba698d6579b2ac6bc22428e049050277cbd8ae0',
  ledger_checkpoint_may_go: '307bafa5a57be06844524ce922d6502cfd9556f40a18ccc367b4fd51727a30b1',
  ledger_checkpoint_refuse_change:
    'a2711168dbaed1ea6927a17747afedbb12137f1cd7de4fd0b97c8a04e255fb72',
  ledger_claim_shard: '6a79727ad445db1268b9cc4fcf0290c18a13a5a8a98f4ceca4f7d46e44275be9',
  ledger_commitment: '6bbc7888e978281d7a5faf872b117ddfa04938cb43638318cbe53b5fd1ffeafb',
  ledger_cosignature_refuse_change:
    '50688c5a97d3a9d81a566f437cad149ad2da0f7b5c5dafaa01c1413ffd4cc381',
  ledger_ensure_partitions: 'fd00f6458d903be217ca931def6f89c3e288d041cc58e723b242db5f2ba3a576',
  ledger_entry_refuse_change: 'f735f70eb1935a9884f033d6fcc4b174b4fe52e9d962cb5d7e248c2bb9b801dc',
  ledger_erased: 'b9a6ebb7d52c82722a32fc9f480b84f6a3f1c12bd477f509a11ff50e74275c18',
  ledger_prune_checkpoints: '1fc2411a8b1cc433e02be5a5742fea04405f28c50bc41119a2f3e355913cbd77',
  ledger_prune_cosignatures: '75cbf88a4a3e064cf79ab9924b576ac903831d888ef884822c0bfd9a88b7f275',
  ledger_refuse_change: '4b4b3de02dc954a934936173bd35e0a51bb8f80f7c4fb7f40392653672c60f09',
  ledger_release_shards: '6c19000a360222b8058cb795aa06c4d38e48042df0504cddd40aa9f1a84eafd1',
  ledger_review_refuse_change: '65a72e11d7b38790b706b9af4c3f338db218f1610c2650168e551331b381b41f',
  ledger_seal: '1192607da3c2e0b8fd457c9d73bc9ef49cf78c82b2fec1c145e7b2b1e4bb54f6',
  ledger_subject_part: '4a97510245102c6ae1770b64f29863f894bf58df218c4b6d606ff7467913a746',
  ledger_text: 'febc665317ec00b13b087edc8750310790009127dce04369bee850c8a8432260',
};
