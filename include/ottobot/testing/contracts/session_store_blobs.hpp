// Part of session_store_contract.hpp: blobs and checkpoints.
#pragma once

#include <string>
#include <vector>

#include "ottobot/testing/session_store_contract.hpp"

namespace ottobot::testing {

TEST_P(SessionStoreContract, BlobsAreNamedByTheirDigestAndReadBack) {
  const auto id = create();
  std::string bytes;
  for (int n = 0; n < 300'000; ++n) bytes += static_cast<char>(n * 31 % 251);
  const auto blob = value_of(put_blob(*store_, id, bytes, ctx_));
  EXPECT_EQ(blob, sha256_hex(bytes));
  EXPECT_EQ(value_of(get_blob(*store_, id, blob, ctx_)), bytes);
  EXPECT_EQ(value_of(put_blob(*store_, id, bytes, ctx_)), blob);
  const auto empty = value_of(put_blob(*store_, id, "", ctx_));
  EXPECT_EQ(value_of(get_blob(*store_, id, empty, ctx_)), "");
}

TEST_P(SessionStoreContract, BlobsAreWrittenAndReadInPieces) {
  const auto id = create();
  auto writer = value_of(store_->create_blob(id, ctx_));
  ASSERT_NE(writer, nullptr);
  for (const auto* piece : {"one ", "", "two ", "three"}) ASSERT_TRUE(succeeded(writer->write(piece)));
  const auto blob = value_of(writer->commit());
  auto reader = value_of(store_->open_blob(id, blob, ctx_));
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(reader->size_bytes(), 13u);
  std::vector<char> buffer(4);
  ASSERT_TRUE(succeeded(reader->seek(8)));
  EXPECT_EQ(value_of(reader->read(buffer)), 4u);
  EXPECT_EQ(std::string(buffer.begin(), buffer.end()), "thre");
  EXPECT_EQ(value_of(reader->read(buffer)), 1u);
  EXPECT_EQ(value_of(reader->read(buffer)), 0u);
  EXPECT_TRUE(succeeded(reader->seek(13)));
  EXPECT_TRUE(failed_with(ErrorCode::invalid_argument, reader->seek(14)));
}

TEST_P(SessionStoreContract, UncommittedBlobIsNotKept) {
  const auto id = create();
  {
    auto writer = value_of(store_->create_blob(id, ctx_));
    ASSERT_TRUE(succeeded(writer->write("half")));
  }
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(id, sha256_hex("half"), ctx_)));
}

TEST_P(SessionStoreContract, BlobsBelongToTheirSession) {
  const auto id = create(), other = create();
  const auto blob = value_of(put_blob(*store_, id, "mine", ctx_));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(other, blob, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(id, "../" + blob, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(new_id(), blob, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->create_blob(new_id(), ctx_)));
}

TEST_P(SessionStoreContract, BlobOfASessionPurgedMeanwhileIsNotKept) {
  const auto id = create();
  auto writer = value_of(store_->create_blob(id, ctx_));
  ASSERT_TRUE(succeeded(writer->write("late")));
  ASSERT_TRUE(succeeded(store_->purge_session(id, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, writer->commit()));
}

TEST_P(SessionStoreContract, ARemovedBlobIsGoneAndMayBePutAgain) {
  const auto id = create(), other = create();
  const auto blob = value_of(put_blob(*store_, id, "old", ctx_));
  const auto kept = value_of(put_blob(*store_, id, "kept", ctx_));
  ASSERT_EQ(value_of(put_blob(*store_, other, "old", ctx_)), blob);
  const auto lease = own(id);
  auto reader = value_of(store_->open_blob(id, blob, ctx_));
  ASSERT_NE(reader, nullptr);
  ASSERT_TRUE(succeeded(store_->remove_blob(lease, blob, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(id, blob, ctx_)));
  std::vector<char> buffer(8);
  EXPECT_EQ(value_of(reader->read(buffer)), 3u);
  EXPECT_EQ(value_of(get_blob(*store_, id, kept, ctx_)), "kept");
  EXPECT_EQ(value_of(get_blob(*store_, other, blob, ctx_)), "old");
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->remove_blob(lease, blob, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->remove_blob(lease, "../" + kept, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->remove_blob({new_id(), "worker-1", 1}, kept, ctx_)));
  EXPECT_EQ(value_of(put_blob(*store_, id, "old", ctx_)), blob);
  EXPECT_EQ(value_of(get_blob(*store_, id, blob, ctx_)), "old");
}

TEST_P(SessionStoreContract, ABlobThatTheRowNamesStays) {
  const auto id = create();
  const auto lease = own(id);
  for (const auto member : {&RowPatch::archive_blob, &RowPatch::snapshot_blob}) {
    const auto blob = value_of(put_blob(*store_, id, "archive", ctx_));
    RowPatch named, replaced;
    named.*member = blob;
    replaced.*member = std::string();
    ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {}, named), ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->remove_blob(lease, blob, ctx_)));
    EXPECT_EQ(value_of(get_blob(*store_, id, blob, ctx_)), "archive");
    ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {}, replaced), ctx_)));
    EXPECT_TRUE(succeeded(store_->remove_blob(lease, blob, ctx_)));
    EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->open_blob(id, blob, ctx_)));
  }
}

TEST_P(SessionStoreContract, ABlobThatAnEventNamesStays) {
  const auto id = create();
  const auto blob = value_of(put_blob(*store_, id, "a long output", ctx_));
  const auto lease = own(id);
  auto event = note("see the blob");
  event.internal = {{"blobs", Json::array({{{"in", "data"}, {"path", "/message"}, {"blob", blob}}})}};
  ASSERT_TRUE(succeeded(store_->append_owner(by_owner(lease, {note("before"), event, note("after")}), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::conflict, store_->remove_blob(lease, blob, ctx_)));
  EXPECT_EQ(value_of(get_blob(*store_, id, blob, ctx_)), "a long output");
}

TEST_P(SessionStoreContract, OnlyTheOwnerRemovesABlob) {
  const auto id = create();
  const auto blob = value_of(put_blob(*store_, id, "mine", ctx_));
  const auto stale = own(id);
  ASSERT_TRUE(succeeded(store_->release_lease(stale, ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->remove_blob(stale, blob, ctx_)));
  const auto newer = own(id, "worker-2");
  EXPECT_TRUE(failed_with(ErrorCode::fenced, store_->remove_blob(stale, blob, ctx_)));
  EXPECT_EQ(value_of(get_blob(*store_, id, blob, ctx_)), "mine");
  EXPECT_TRUE(succeeded(store_->remove_blob(newer, blob, ctx_)));
}

TEST_P(SessionStoreContract, NewestCheckpointWins) {
  const auto id = create();
  EXPECT_EQ(value_of(store_->get_checkpoint(id, ctx_)), std::nullopt);
  ASSERT_TRUE(succeeded(store_->put_checkpoint(id, 5, {{"at", 5}}, ctx_)));
  ASSERT_TRUE(succeeded(store_->put_checkpoint(id, 3, {{"at", 3}}, ctx_)));
  EXPECT_EQ(value_of(store_->get_checkpoint(id, ctx_)), std::optional<Json>(Json{{"at", 5}}));
  ASSERT_TRUE(succeeded(store_->put_checkpoint(id, 9, {{"at", 9}}, ctx_)));
  EXPECT_EQ(value_of(store_->get_checkpoint(id, ctx_)), std::optional<Json>(Json{{"at", 9}}));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->put_checkpoint(new_id(), 1, Json::object(), ctx_)));
  EXPECT_TRUE(failed_with(ErrorCode::not_found, store_->get_checkpoint(new_id(), ctx_)));
}

}  // namespace ottobot::testing
